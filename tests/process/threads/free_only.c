/*
 * free_only.c - a thread that only frees, and one that only allocates.
 *
 * Blocks go through a bounded ring from the allocating thread to the freeing
 * one. What is resident stays near what can be live, however long it goes
 * on; afterwards the allocating thread sleeps, and a third one must find the
 * freed blocks. With an argument the freeing thread has the lowest priority;
 * where it hardly runs, because others do, fewer blocks go that way.
 */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "churn.h"

enum { RING = 4096, ROUND_SECONDS = 20 };

static struct churn_block ring[RING];
static sem_t filled, empty, leave;
static unsigned count;
static atomic_uint sent; /* how many there are, once that is known */
static bool idle;
static size_t block_bytes;

static void *
only_free(void *unused)
{
    struct sched_param none = {0};
    if (idle)
        sched_setscheduler(0, SCHED_IDLE, &none);
    sem_wait(&filled);
    for (unsigned i = 0; i < atomic_load(&sent); i++) {
        churn_drop(&ring[i % RING]);
        sem_post(&empty);
        sem_wait(&filled);
    }
    return unused;
}

static void *
only_allocate(void *unused)
{
    time_t end = time(NULL) + ROUND_SECONDS;
    unsigned i = 0;
    for (; i < count && time(NULL) < end; i++) {
        sem_wait(&empty);
        ring[i % RING] = churn_take(block_bytes, i);
        memset(ring[i % RING].ptr + 100, 1, block_bytes - 200);
        sem_post(&filled);
    }
    atomic_store(&sent, i);
    sem_post(&filled); /* that was all */
    sem_wait(&leave);  /* sleeps on, with whatever it has cached */
    return unused;
}

/* Growth of the resident memory; 0 if more was returned meanwhile. */
static size_t
grown_since(size_t before)
{
    size_t now = check_rss_bytes();
    return now > before ? now - before : 0;
}

static void
run(size_t bytes, unsigned blocks)
{
    block_bytes = bytes;
    count = blocks;
    atomic_store(&sent, UINT_MAX);
    sem_init(&filled, 0, 0);
    sem_init(&empty, 0, RING);
    sem_init(&leave, 0, 0);
    size_t before = check_rss_bytes();
    pthread_t freeing = check_spawn(only_free, NULL);
    pthread_t allocating = check_spawn(only_allocate, NULL);
    pthread_join(freeing, NULL);
    size_t live = (size_t)RING * (bytes + 64);
    size_t grown = grown_since(before);
    CHECK(grown < live + live / 4 + (32u << 20),
          "%zu bytes resident, at most %zu live", grown, live);
    /* A third thread needs as much again: it has to find what was freed. */
    struct churn_block *again = calloc(RING, sizeof(*again));
    CHECK(again != NULL, "calloc");
    for (unsigned i = 0; i < RING; i++)
        again[i] = churn_take(bytes, i);
    grown = grown_since(before);
    CHECK(grown < live + live / 4 + (32u << 20),
          "%zu bytes resident after reuse, at most %zu live", grown, live);
    for (unsigned i = 0; i < RING; i++)
        churn_drop(&again[i]);
    free(again);
    sem_post(&leave);
    pthread_join(allocating, NULL);
}

int
main(int argc, char **argv)
{
    (void)argv;
    /* The freeing thread runs only when nobody else wants to. */
    idle = argc > 1;
    run(8192, 60000);
    run(40000, 20000);
    run(2048, 100000);
    return 0;
}
