/*
 * churn.c - threads that allocate and free without pause (see churn.h).
 */
#include "churn.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "calls.h"
#include "check.h"

enum { THREADS_MAX = 64, KEEP = 40, EDGE_BYTES = 48 };

static pthread_t thread[THREADS_MAX];
static unsigned threads;
static atomic_bool stopping;

/* A block on its way from one thread to any other. */
static _Atomic(struct churn_block *) shared[8];

size_t
churn_size(unsigned long draw)
{
    if (draw % 4)
        return 2048 + (draw >> 8) % (65536 - 2048 + 1);
    if (draw % 16 == 0)
        return (draw >> 8) % 200000;
    return (draw >> 8) % 2048;
}

static size_t
edge(size_t size)
{
    return size < EDGE_BYTES ? size : EDGE_BYTES;
}

struct churn_block
churn_take(size_t size, unsigned seed)
{
    struct churn_block block = {malloc(size), size, seed};
    CHECK(block.ptr != NULL, "malloc(%zu)", size);
    size_t bytes = edge(size);
    check_fill(block.ptr + size - bytes, bytes, seed + 1);
    if (size >= 2 * EDGE_BYTES)
        check_fill(block.ptr, bytes, seed);
    return block;
}

void
churn_drop(struct churn_block *block)
{
    if (!block->ptr)
        return;
    size_t bytes = edge(block->size);
    CHECK(
        check_filled(block->ptr + block->size - bytes, bytes, block->seed + 1),
        "tail of a block of %zu changed", block->size);
    if (block->size >= 2 * EDGE_BYTES)
        CHECK(check_filled(block->ptr, bytes, block->seed),
              "head of a block of %zu changed", block->size);
    free(block->ptr);
    block->ptr = NULL;
}

static void
hand_over(struct churn_block *block, unsigned long draw)
{
    struct churn_block *parcel = malloc(sizeof(*parcel));
    CHECK(parcel != NULL, "malloc");
    *parcel = *block;
    block->ptr = NULL;
    parcel = atomic_exchange(&shared[draw % 8], parcel);
    if (parcel) {
        churn_drop(parcel);
        free(parcel);
    }
}

static void *
churn(void *argument)
{
    struct churn_block block[KEEP] = {{0}};
    uint64_t state = 0x9e3779b97f4a7c15u * ((uintptr_t)argument + 1);
    for (unsigned round = 0; !atomic_load(&stopping); round++) {
        unsigned long draw = check_random(&state);
        unsigned slot = (unsigned)((draw >> 40) % KEEP);
        if (block[slot].ptr && draw % 7 == 0)
            hand_over(&block[slot], draw >> 32);
        churn_drop(&block[slot]);
        block[slot] = churn_take(churn_size(draw), round);
        /* Others get their turn: the tests run on few processors. */
        if (round % 256 == 0)
            sched_yield();
    }
    for (unsigned i = 0; i < KEEP; i++)
        churn_drop(&block[i]);
    return NULL;
}

void
churn_start(unsigned count)
{
    CHECK(count <= THREADS_MAX, "%u threads", count);
    atomic_store(&stopping, false);
    for (threads = 0; threads < count; threads++)
        thread[threads] = check_spawn(churn, (void *)(uintptr_t)threads);
}

void
churn_stop(void)
{
    atomic_store(&stopping, true);
    while (threads > 0)
        pthread_join(thread[--threads], NULL);
    for (unsigned i = 0; i < 8; i++) {
        struct churn_block *parcel = atomic_exchange(&shared[i], NULL);
        if (parcel)
            churn_drop(parcel);
        free(parcel);
    }
}

void
churn_all_sizes(unsigned seed)
{
    struct churn_block block[4] = {{0}};
    for (size_t i = 0; i < call_size_count; i++) {
        churn_drop(&block[i % 4]);
        block[i % 4] = churn_take(call_sizes[i], seed + (unsigned)i);
    }
    for (unsigned i = 0; i < 4; i++)
        churn_drop(&block[i]);
}
