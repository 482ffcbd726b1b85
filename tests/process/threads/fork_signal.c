/*
 * fork_signal.c - fork from a signal handler that interrupted malloc.
 *
 * glibc allows it (fork is async-signal-safe there as long as no atfork
 * handler blocks). The parent goes on with the malloc it was in; the child
 * allocates band sizes and ends from within the handler. The timer counts
 * processor time and starts anew with every handler: on a busy machine a
 * fork takes longer than any interval, and nothing else would ever run.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

enum { INTERVAL_US = 1500 };

static volatile sig_atomic_t forks;

static void
arm(long microseconds)
{
    struct itimerval timer = {.it_value.tv_usec = microseconds};
    CHECK(setitimer(ITIMER_VIRTUAL, &timer, NULL) == 0, "setitimer");
}

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
    arm(INTERVAL_US);
    errno = saved;
}

int
main(int argc, char **argv)
{
    (void)argv;
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigaction(SIGVTALRM, &action, NULL);
    if (argc > 1)
        churn_start(4); /* the fork is one of many threads */
    arm(INTERVAL_US);
    unsigned wanted = check_rounds(150, 20000);
    struct churn_block block[64] = {{0}};
    uint64_t state = 99;
    for (unsigned round = 0;
         round % 64 != 0 || check_more((unsigned)forks, wanted); round++) {
        unsigned long draw = check_random(&state);
        unsigned slot = (unsigned)(draw >> 40) % 64;
        churn_drop(&block[slot]);
        block[slot] = churn_take(churn_size(draw), round);
    }
    sigaction(SIGVTALRM, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    if (argc > 1)
        churn_stop();
    for (unsigned i = 0; i < 64; i++)
        churn_drop(&block[i]);
    return 0;
}
