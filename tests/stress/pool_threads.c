/*
 * pool_threads.c - the pool under threads, without interposing.
 *
 *   pool_threads SECONDS [fork]
 *
 * Threads get, put, resize, hand buffers over to one another, purge, warm,
 * end and are started anew, while one reads the statistics as a report would.
 * A plain program over the pool's archive, so that a sanitizer sees every
 * access. At the end every slot is looked for.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "equations.h"
#include "load.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "snapshot.h"

enum { THREADS = 6, STEPS = 3000, POSTS = 32, FORK_STEPS = 300 };

/* A buffer on its way to whichever thread comes by. */
struct parcel {
    void *ptr;
    size_t bytes;
    uint64_t seed;
};

static _Atomic(struct parcel *) post[POSTS];
static atomic_bool stopping;
static bool forking;

static void
open_parcel(struct parcel *parcel)
{
    if (parcel == NULL)
        return;
    if (!pool_filled(parcel->ptr, parcel->bytes, parcel->seed))
        load_fail("a parcel's contents changed");
    if (pool_put(parcel->ptr) != CACHE_PUT_DONE)
        load_fail("a parcel was refused");
    free(parcel);
}

static void
send_parcel(struct load *load)
{
    struct parcel *parcel = malloc(sizeof(*parcel));

    parcel->bytes = pool_draw_size(&load->random);
    parcel->seed = pool_draw(&load->random);
    parcel->ptr = pool_get(parcel->bytes);
    if (parcel->ptr == NULL)
        load_fail("no memory");
    pool_fill(parcel->ptr, parcel->bytes, parcel->seed);
    open_parcel(atomic_exchange(&post[parcel->seed % POSTS], parcel));
}

static void *
work(void *seed)
{
    struct load load;

    load_init(&load, (uint64_t)(uintptr_t)seed);
    for (unsigned step = 0; step < STEPS; step++) {
        load_step(&load);
        if (step % 4 == 0)
            send_parcel(&load);
        if (step % 1000 == 999)
            (void)pool_purge();
        if (step % 900 == 899)
            (void)pool_unmap();
        if (step % 700 == 699)
            (void)pool_warm(pool_draw_size(&load.random), 5);
        (void)pool_tick();
    }
    if (load.refused != 0)
        load_fail("no memory");
    load_drop(&load);
    return NULL;
}

/* One place after the other: its thread ends and the next one begins. */
static void *
keep_working(void *seed)
{
    uintptr_t number = (uintptr_t)seed;

    while (!atomic_load(&stopping)) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, work, (void *)number) != 0)
            load_fail("no thread");
        pthread_join(thread, NULL);
        number += THREADS;
    }
    return NULL;
}

static void
read_statistics(void)
{
    static struct stats_snapshot snapshot;
    const char *broken;

    pool_stats_publish();
    stats_snapshot_take(&snapshot, pool_page(), 0);
    broken = stats_broken_equation(&snapshot, false);
    if (broken != NULL)
        load_fail("equation: %s", broken);
}

static void
fork_once(uint64_t seed)
{
    struct load load;
    const char *broken;
    pid_t child;
    int status;

    while (!pool_fork_prepare())
        sched_yield();
    child = fork();
    if (child > 0) {
        pool_fork_parent();
        if (waitpid(child, &status, 0) != child || status != 0)
            load_fail("a child failed: status %x", (unsigned)status);
        return;
    }
    if (child < 0)
        load_fail("fork");
    pool_fork_child();
    alarm(600);
    load_init(&load, seed);
    for (unsigned step = 0; step < FORK_STEPS; step++)
        load_step(&load);
    load_drop(&load);
    broken = pool_check();
    if (broken != NULL)
        load_fail("in a child: %s", broken);
    _exit(0);
}

static void
finish(void)
{
    const char *broken;

    for (unsigned i = 0; i < POSTS; i++)
        open_parcel(atomic_exchange(&post[i], NULL));
    broken = pool_check();
    if (broken != NULL)
        load_fail("at the end: %s", broken);
    (void)pool_purge();
    broken = pool_check();
    if (broken != NULL)
        load_fail("after a purge: %s", broken);
    if (pool_census_live() != 0 || pool_census_idle() != 0)
        load_fail("%llu live, %llu idle after all",
                  (unsigned long long)pool_census_live(),
                  (unsigned long long)pool_census_idle());
}

int
main(int argc, char **argv)
{
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 3);
    struct pool_config config = pool_config_default;
    pthread_t keeper[THREADS];
    uint64_t rounds = 0;

    forking = argc > 2 && strcmp(argv[2], "fork") == 0;
    config.decay_ms = 30;
    if (!pool_init(&config))
        load_fail("no pools");
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&keeper[i], NULL, keep_working, (void *)(i + 1)))
            load_fail("no thread");
    }
    while (time(NULL) < end) {
        read_statistics();
        if (forking)
            fork_once(++rounds);
        usleep(1000);
    }
    atomic_store(&stopping, true);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(keeper[i], NULL);
    finish();
    printf("up to %u threads at once, all sound\n", pool_page()->threads_peak);
    return 0;
}
