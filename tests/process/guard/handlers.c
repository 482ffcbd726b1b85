/*
 * handlers.c - a program with a handler for SIGSEGV, under guard:1.
 *
 *     handlers CASE    exit status 0: the handler ran as it should
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTES = 8192, STACK_BYTES = 64 << 10, FIRST_PAGE = 64 };

static sigjmp_buf back;
static volatile sig_atomic_t calls;
static void *volatile seen;
static uintptr_t volatile stack;

static void
check(bool holds, const char *claim)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", claim);
    _exit(1);
}

static void
take(int number, siginfo_t *info, void *context)
{
    char here;

    (void)number;
    (void)context;
    calls++;
    seen = info->si_addr;
    stack = (uintptr_t)&here;
    siglongjmp(back, 1);
}

static void
take_simply(int number)
{
    (void)number;
    calls++;
    siglongjmp(back, 1);
}

static void
install(int flags)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | flags};
    struct sigaction found;

    action.sa_sigaction = take;
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR1);
    check(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction succeeds");
    check(sigaction(SIGSEGV, NULL, &found) == 0 && found.sa_sigaction == take &&
              (found.sa_flags & flags) == flags &&
              sigismember(&found.sa_mask, SIGUSR1) == 1,
          "the program sees what it installed");
}

static void
touch(volatile char *at)
{
    if (sigsetjmp(back, 1) == 0)
        *at = 1;
}

static char *
get(void)
{
    char *buffer = malloc(BYTES);

    check(buffer != NULL, "there is memory");
    return buffer;
}

/* Also of a buffer that was got before the handler was installed. */
static void
later(int flags)
{
    char *before = get();
    char *after;

    install(flags);
    after = get();
    touch(before + BYTES);
    check(calls == 1 && seen == before + BYTES, "the handler has the address");
    touch(after + BYTES);
    check(calls == 2 && seen == after + BYTES, "and once more");
}

static void
by_signal(void)
{
    char *buffer = get();

    check(signal(SIGSEGV, take_simply) == SIG_DFL, "there was none");
    check(signal(SIGSEGV, take_simply) == take_simply, "now there is");
    touch(buffer + BYTES);
    touch(buffer + BYTES);
    check(calls == 2, "it stays installed");
}

static void
on_its_stack(void)
{
    char *buffer = get();
    static char space[STACK_BYTES];
    const stack_t alternate = {.ss_sp = space, .ss_size = sizeof space};

    check(sigaltstack(&alternate, NULL) == 0, "there is a stack");
    install(SA_ONSTACK);
    touch(buffer + BYTES);
    check(calls == 1 && stack - (uintptr_t)space < sizeof space,
          "the handler runs on it");
}

/* A fault outside of guarded buffers only calls the program's handler. */
static void
of_its_own(void)
{
    install(0);
    touch((char *)(uintptr_t)FIRST_PAGE);
    check(calls == 1 && seen == (void *)(uintptr_t)FIRST_PAGE, "it is called");
}

/* As by a library that was opened later: its sigaction is libc's. */
static void
past_us(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    int (*libc_sigaction)(int, const struct sigaction *, struct sigaction *);

    *(void **)&libc_sigaction = dlsym(RTLD_DEFAULT, "sigaction");
    action.sa_sigaction = take;
    check(libc_sigaction(SIGSEGV, &action, NULL) == 0, "it succeeds");
    touch(get() + BYTES);
    check(calls == 1, "it is called");
}

static void
sent_while_ignored(void)
{
    signal(SIGSEGV, SIG_IGN);
    check(kill(getpid(), SIGSEGV) == 0, "it is sent");
}

int
main(int count, char **words)
{
    const char *name = count > 1 ? words[1] : "";

    if (strcmp(name, "later") == 0)
        later(0);
    else if (strcmp(name, "by_signal") == 0)
        by_signal();
    else if (strcmp(name, "on_its_stack") == 0)
        on_its_stack();
    else if (strcmp(name, "of_its_own") == 0)
        of_its_own();
    else if (strcmp(name, "past_us") == 0)
        past_us();
    else if (strcmp(name, "sent_while_ignored") == 0)
        sent_while_ignored();
    else if (strcmp(name, "once") == 0)
        later((int)SA_RESETHAND);
    else if (strcmp(name, "sent") == 0)
        kill(getpid(), SIGSEGV);
    else if (strcmp(name, "null") == 0)
        touch((char *)(uintptr_t)FIRST_PAGE);
    return 0;
}
