/*
 * profiler.c - a profiling signal's handler allocates and frees.
 *
 * At 5 kHz of processor time, in whichever thread runs; blocks stay live
 * across handler calls and are verified. Band sizes only: outside the band
 * the fallback's locks make it as unsafe as everywhere.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "check.h"
#include "churn.h"

enum { KEEP = 32 };

static _Atomic(unsigned char *) kept[KEEP];
static atomic_uint ticks;

static void
handle(int number)
{
    (void)number;
    int saved = errno;
    unsigned tick = atomic_fetch_add(&ticks, 1);
    size_t size = 2048 + (tick * 977u) % 60000;
    struct churn_block block = churn_take(size, tick);
    unsigned char *fresh = block.ptr;
    /* Head and first word are what a kept block is verified by. */
    check_fill(fresh, 64, tick % KEEP);
    unsigned char *old = atomic_exchange(&kept[tick % KEEP], fresh);
    if (old) {
        CHECK(check_filled(old, 64, tick % KEEP), "kept block changed");
        free(old);
    }
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
    for (unsigned i = 0; i < KEEP; i++)
        free(kept[i]);
    return 0;
}
