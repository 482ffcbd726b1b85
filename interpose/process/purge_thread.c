/* purge_thread.c - see purge_thread.h. */
#include "purge_thread.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "pool.h"

enum { TICK_LEAST_MS = 10, TICK_MOST_MS = 1000, TICKS_PER_DECAY = 8 };
enum { STACK_BYTES = 128 * 1024 };

static struct timespec tick;

static void *
run(void *unused)
{
    (void)unused;
    for (;;) {
        nanosleep(&tick, NULL);
        pool_tick();
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
    tick.tv_sec = ms / 1000;
    tick.tv_nsec = ms % 1000 * 1000000;
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
