/* fault_handler.c - see fault_handler.h. */
#include "fault_handler.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "imports.h"
#include "process.h"
#include "sandbox.h"

/* The imports lead here. */
int fault_sigaction(int number, const struct sigaction *action,
                    struct sigaction *old);
sighandler_t fault_signal(int number, sighandler_t handler);
sighandler_t fault_sysv_signal(int number, sighandler_t handler);

/*
 * libc's own, by words that imports_redirect does not change: a second copy of
 * the library redirects this one's imports, and each would call the other.
 */
extern int (*volatile const fault_libc_sigaction)(int, const struct sigaction *,
                                                  struct sigaction *);
extern sighandler_t (*volatile const fault_libc_signal)(int, sighandler_t);
int (*volatile const fault_libc_sigaction)(int, const struct sigaction *,
                                           struct sigaction *) = sigaction;
sighandler_t (*volatile const fault_libc_signal)(int, sighandler_t) = signal;

/* As sa_flags is declared; SA_RESETHAND itself is unsigned. */
#define RESETS ((int)SA_RESETHAND)

static fault_listener *listen_to;

/*
 * The program's action: a writer fills the copy that is not current and then
 * makes it so, so that a handler always finds a whole one.
 */
static struct sigaction kept[2];
static _Atomic unsigned current;
static atomic_flag writing = ATOMIC_FLAG_INIT;

static const struct sigaction *
program_action(void)
{
    return &kept[atomic_load(&current) % 2];
}

/* Requires writing. */
static void
keep(const struct sigaction *action)
{
    unsigned next = atomic_load(&current) + 1;

    kept[next % 2] = *action;
    atomic_store(&current, next);
}

static bool
is_handler(const struct sigaction *action)
{
    return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* The fault comes again, and finds the signal blocked; see the header. */
static void
end_by_fault(ucontext_t *context)
{
    sigaddset(&context->uc_sigmask, SIGSEGV);
}

/* Ends the process by a signal that was sent, not caused by a fault. */
static void
end_by_signal(void)
{
    static const struct sigaction by_default = {.sa_handler = SIG_DFL};

    if (!sandbox_allows(SANDBOX_PROTECT))
        return;
    (void)fault_libc_sigaction(SIGSEGV, &by_default, NULL);
    (void)raise(SIGSEGV);
}

static void
hand_on(int number, siginfo_t *info, void *context)
{
    struct sigaction action = *program_action();

    if (action.sa_handler == SIG_IGN && info->si_code <= 0)
        return;
    if (!is_handler(&action)) {
        if (info->si_code > 0)
            end_by_fault(context);
        else
            end_by_signal();
        return;
    }
    if ((action.sa_flags & RESETS) != 0)
        kept[atomic_load(&current) % 2].sa_handler = SIG_DFL;
    if ((action.sa_flags & SA_SIGINFO) != 0)
        action.sa_sigaction(number, info, context);
    else
        action.sa_handler(number);
}

static void
handle(int number, siginfo_t *info, void *context)
{
    int error = errno;

    if (info->si_code > 0)
        listen_to(info, context);
    errno = error;
    hand_on(number, info, context);
}

/*
 * Gives the kernel our handler for the program's action. The program says on
 * which stack its handler runs; where it has none, an alternate stack helps.
 */
static int
take_over(const struct sigaction *action)
{
    struct sigaction ours = *action;

    if (action->sa_handler == SIG_IGN)
        return fault_libc_sigaction(SIGSEGV, action, NULL);
    ours.sa_flags |= SA_SIGINFO;
    ours.sa_flags &= ~RESETS;
    if (!is_handler(action))
        ours.sa_flags |= SA_ONSTACK;
    ours.sa_sigaction = handle;
    return fault_libc_sigaction(SIGSEGV, &ours, NULL);
}

/* A vfork child has actions of its own, but its parent's memory. */
static bool
is_about_us(int number)
{
    return number == SIGSEGV && listen_to != NULL && process_is_self() &&
           !atomic_flag_test_and_set(&writing);
}

int
fault_sigaction(int number, const struct sigaction *action,
                struct sigaction *old)
{
    struct sigaction wanted;
    struct sigaction before;
    int result = 0;

    if (!is_about_us(number))
        return fault_libc_sigaction(number, action, old);
    before = *program_action();
    if (action != NULL) {
        wanted = *action;
        keep(&wanted);
        result = take_over(&wanted);
    }
    atomic_flag_clear(&writing);
    if (old != NULL)
        *old = before;
    return result;
}

static sighandler_t
set_handler(sighandler_t handler, int flags)
{
    struct sigaction action = {.sa_flags = flags};
    struct sigaction old;

    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    if ((flags & SA_NODEFER) == 0)
        sigaddset(&action.sa_mask, SIGSEGV);
    return fault_sigaction(SIGSEGV, &action, &old) == 0 ? old.sa_handler
                                                        : SIG_ERR;
}

sighandler_t
fault_signal(int number, sighandler_t handler)
{
    if (number != SIGSEGV || handler == SIG_ERR)
        return fault_libc_signal(number, handler);
    return set_handler(handler, SA_RESTART);
}

sighandler_t
fault_sysv_signal(int number, sighandler_t handler)
{
    if (number != SIGSEGV || handler == SIG_ERR)
        return __sysv_signal(number, handler);
    return set_handler(handler, RESETS | SA_NODEFER);
}

static void
redirect_imports(void)
{
    static const struct import_redirect redirects[] = {
        {"sigaction", (void *)sigaction, (void *)fault_sigaction},
        {"signal", (void *)signal, (void *)fault_signal},
        {"__sysv_signal", (void *)__sysv_signal, (void *)fault_sysv_signal},
    };

    for (size_t i = 0; i < sizeof redirects / sizeof redirects[0]; i++)
        imports_redirect(&redirects[i], 1);
}

void
fault_handler_install(fault_listener *listener)
{
    struct sigaction before;

    if (fault_libc_sigaction(SIGSEGV, NULL, &before) != 0)
        return;
    keep(&before);
    listen_to = listener;
    (void)take_over(&before);
    redirect_imports();
}

void
fault_handler_keep(void)
{
    struct sigaction found;
    int error = errno;

    if (!sandbox_allows(SANDBOX_PROTECT) ||
        fault_libc_sigaction(SIGSEGV, NULL, &found) != 0)
        return;
    if (found.sa_sigaction != handle && found.sa_handler != SIG_IGN &&
        is_about_us(SIGSEGV)) {
        keep(&found);
        (void)take_over(&found);
        atomic_flag_clear(&writing);
    }
    errno = error;
}
