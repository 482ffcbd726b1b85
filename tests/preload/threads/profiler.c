/*
 * profiler.c - a profiling signal's handler allocates and frees.
 *
 * At 5 kHz of processor time, in whichever thread runs, with contents
 * verified. Band sizes only: outside the band the fallback's locks make it as
 * unsafe as everywhere. What a handler may do is what the fast path allows:
 * it frees what it allocated before it returns, last in first out. POSIX
 * allows it nothing at all.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

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

int
main(void)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    sigaction(SIGPROF, &action, NULL);
    churn_start(4);
    struct itimerval timer = {{0, 200}, {0, 200}};
    setitimer(ITIMER_PROF, &timer, NULL);
    struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    unsigned wanted = check_rounds(500, 200000);
    for (unsigned i = 0; atomic_load(&ticks) < wanted && i < 100000; i++)
        nanosleep(&pause, NULL);
    CHECK(atomic_load(&ticks) >= wanted, "the profiling timer does not tick");
    timer = (struct itimerval){{0, 0}, {0, 0}};
    setitimer(ITIMER_PROF, &timer, NULL);
    churn_stop();
    return 0;
}
