/*
 * fork_signal.c - fork from a signal handler that interrupted malloc.
 *
 * glibc allows it (fork is async-signal-safe there as long as no atfork
 * handler blocks). The parent goes on with the malloc it was in; the child
 * allocates band sizes and ends from within the handler.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

static volatile sig_atomic_t forks;

static void
handle(int number)
{
    (void)number;
    int saved = errno;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CHECK_PATIENCE_SECONDS);
        for (unsigned i = 0; i < 12; i++) {
            struct churn_block block = churn_take(2048u << (i % 6), i);
            churn_drop(&block);
        }
        _exit(0);
    }
    CHECK(pid > 0, "fork in a handler");
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid, "waitpid");
    CHECK(status == 0, "child ended with 0x%x", status);
    forks++;
    errno = saved;
}

int
main(int argc, char **argv)
{
    (void)argv;
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    if (argc > 1)
        churn_start(4); /* the fork is one of many threads */
    struct itimerval timer = {{0, 1500}, {0, 1500}};
    setitimer(ITIMER_REAL, &timer, NULL);
    unsigned wanted = check_rounds(400, 20000);
    struct churn_block block[64] = {{0}};
    uint64_t state = 99;
    for (unsigned round = 0; (unsigned)forks < wanted; round++) {
        unsigned long draw = check_random(&state);
        unsigned slot = (unsigned)(draw >> 40) % 64;
        churn_drop(&block[slot]);
        block[slot] = churn_take(churn_size(draw), round);
    }
    timer = (struct itimerval){{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &timer, NULL);
    if (argc > 1)
        churn_stop();
    for (unsigned i = 0; i < 64; i++)
        churn_drop(&block[i]);
    return 0;
}
