/*
 * idle_threads.c - a thousand threads use the band once and sleep.
 *
 * The idle memory in all their caches together is bounded, not that of each:
 * 64 MB more than live memory, once the decay time is over and the threads ran
 * for a moment.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

enum { THREADS = 1000, STACK_BYTES = 64 * 1024, BOUND_BYTES = 64 << 20 };

static atomic_uint sleeping;

static void *
touch_and_sleep(void *argument)
{
    for (size_t size = 2048; size <= 65536; size += 2048) {
        char *block = malloc(size);
        CHECK(block != NULL, "malloc(%zu)", size);
        memset(block, 1, size);
        free(block);
    }
    atomic_fetch_add(&sleeping, 1);
    pause();
    return argument;
}

int
main(void)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    size_t before = check_rss_bytes();
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_t thread;
        int error = pthread_create(&thread, &attributes, touch_and_sleep, NULL);
        CHECK(error == 0, "thread %u: error %d", i, error);
    }
    struct timespec moment = {.tv_nsec = 10 * 1000 * 1000};
    while (atomic_load(&sleeping) < THREADS)
        nanosleep(&moment, NULL);
    size_t stacks = (size_t)THREADS * 24 * 1024;
    size_t kept = 0;
    for (unsigned waited = 0; waited < 20000; waited++) {
        kept = check_rss_bytes();
        kept = kept > before ? kept - before : 0;
        if (kept < BOUND_BYTES + stacks)
            return 0;
        free(malloc(5000)); /* a little work goes on */
        nanosleep(&moment, NULL);
    }
    check_fail(__FILE__, __LINE__, "%u sleeping threads keep %zu KB", THREADS,
               kept >> 10);
}
