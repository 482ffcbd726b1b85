/* purge_thread.c - see purge_thread.h. */
#include "purge_thread.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "pool.h"

enum { TICK_LEAST_MS = 10, TICK_MOST_MS = 1000, TICKS_PER_DECAY = 8 };
enum { STACK_BYTES = 128 * 1024, NS_PER_S = 1000 * 1000 * 1000 };

/* The least pause between pieces of work of some ten microseconds each. */
enum { TICK_LEAST_NS = 500 * 1000 };

static int64_t tick_ns;

static void *
run(void *unused)
{
    (void)unused;
    for (int64_t ns = tick_ns;;) {
        const struct timespec nap = {ns / NS_PER_S, ns % NS_PER_S};

        nanosleep(&nap, NULL);
        ns = pool_tick();
        if (ns > tick_ns)
            ns = tick_ns;
        if (ns < TICK_LEAST_NS)
            ns = TICK_LEAST_NS;
    }
    return NULL;
}

static void
set_tick(int64_t decay_ms)
{
    int64_t ms = decay_ms / TICKS_PER_DECAY;

    if (ms < TICK_LEAST_MS)
        ms = TICK_LEAST_MS;
    if (ms > TICK_MOST_MS)
        ms = TICK_MOST_MS;
    tick_ns = ms * 1000000;
}

bool
purge_thread_start(int64_t decay_ms)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t every;
    sigset_t mask;
    int error;

    if (decay_ms < 0 || pthread_attr_init(&attributes) != 0)
        return false;
    set_tick(decay_ms);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &mask);
    error = pthread_create(&thread, &attributes, run, NULL);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    pthread_attr_destroy(&attributes);
    return error == 0;
}
