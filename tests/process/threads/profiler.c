/*
 * profiler.c - a profiling signal's handler allocates and frees.
 *
 *     profiler [anywhere]
 *
 * At 5 kHz of processor time, or as often as the kernel's clock ticks, with
 * contents verified, while other threads churn. The signal comes to a thread
 * that is not inside an allocator's call, which is all that POSIX allows; or
 * anywhere, to whichever thread runs, for trying out by hand. The handler
 * frees what it allocated before it returns, last in first out.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

enum { KEEP = 3 };

static atomic_uint ticks;

static void
handle(int number)
{
    (void)number;
    int saved = errno;
    unsigned tick = atomic_fetch_add(&ticks, 1);
    struct churn_block block[KEEP];
    for (unsigned i = 0; i < KEEP; i++)
        block[i] = churn_take(2048 + (tick * 977u + i * 13u) % 60000, i);
    for (unsigned i = KEEP; i > 0; i--)
        churn_drop(&block[i - 1]);
    errno = saved;
}

/* Uses processor time, which is what the timer counts, and no allocator. */
static void
compute_until(unsigned wanted)
{
    while (atomic_load(&ticks) < wanted)
        continue;
}

int
main(int argc, char **argv)
{
    bool anywhere = argc > 1 && strcmp(argv[1], "anywhere") == 0;

    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigaction(SIGPROF, &action, NULL);
    sigset_t profiling;
    sigemptyset(&profiling);
    sigaddset(&profiling, SIGPROF);
    if (!anywhere)
        pthread_sigmask(SIG_BLOCK, &profiling, NULL);
    churn_start(4);
    pthread_sigmask(SIG_UNBLOCK, &profiling, NULL);
    struct itimerval timer = {{0, 200}, {0, 200}};
    setitimer(ITIMER_PROF, &timer, NULL);
    alarm(check_rounds(90, 900)); /* in case the timer does not tick */
    compute_until(check_rounds(400, 20000));
    alarm(0);
    timer = (struct itimerval){{0, 0}, {0, 0}};
    setitimer(ITIMER_PROF, &timer, NULL);
    churn_stop();
    return 0;
}
