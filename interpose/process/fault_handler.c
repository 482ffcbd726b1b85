/* fault_handler.c - see fault_handler.h. */
#include "fault_handler.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "imports.h"
#include "process.h"
#include "sandbox.h"

/* The redirected imports call these functions. */
int fault_sigaction(int number, const struct sigaction *action,
                    struct sigaction *old);
sighandler_t fault_signal(int number, sighandler_t handler);
sighandler_t fault_sysv_signal(int number, sighandler_t handler);

/*
 * libc's own functions, through pointers that imports_redirect does not change.
 * A second copy of the library redirects the imports of this one; without the
 * pointers, the two copies would call each other for ever.
 */
extern int (*volatile const fault_libc_sigaction)(int, const struct sigaction *,
                                                  struct sigaction *);
extern sighandler_t (*volatile const fault_libc_signal)(int, sighandler_t);
int (*volatile const fault_libc_sigaction)(int, const struct sigaction *,
                                           struct sigaction *) = sigaction;
sighandler_t (*volatile const fault_libc_signal)(int, sighandler_t) = signal;

/* SA_RESETHAND, which is unsigned, with the type of sa_flags. */
#define RESETS ((int)SA_RESETHAND)

static fault_listener *listen_to;

/*
 * The program's action, in two copies. A writer fills the one that is not
 * current and then makes it current, so that a handler reads a complete action
 * at any time.
 */
static struct sigaction kept[2];
static _Atomic unsigned current;
static atomic_flag writing = ATOMIC_FLAG_INIT;

static const struct sigaction *
program_action(void)
{
    return &kept[atomic_load(&current) % 2];
}

/* Requires that the caller holds `writing`. */
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

/* Blocks the signal; the fault then occurs again and ends the process. */
static void
end_by_fault(ucontext_t *context)
{
    sigaddset(&context->uc_sigmask, SIGSEGV);
}

/* Ends the process by a SIGSEGV that was sent, not caused by a fault. */
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
 * Installs the library's handler in place of the program's action. It runs on
 * the stack that the program's action names; if the program has no handler, on
 * the alternate stack, which may be left when the normal one is full.
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

/*
 * True if a call concerns the kept action; the caller then holds `writing`.
 * False in a vfork child, which has its own actions but its parent's memory.
 */
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
