/*
 * recent.h - gets and requested bytes of a bin, counted in one word.
 *
 * Purpose   A get on the fast path counts itself, its bytes and the credit
 *           until the next tick with one addition to memory and one test of
 *           the sign.
 * Model     hot.recent = -(gets left) * RECENT_GET + bytes since the last
 *           fold. A get adds RECENT_GET + its bytes; when the word is no
 *           longer negative the credit is used up. The sums are
 *
 *             gets  = hot.granted + recent / RECENT_GET, rounded down
 *             bytes = hot.folded  + recent % RECENT_GET, never negative
 *
 *           The slow path then folds: it keeps the sums and grants new gets.
 * Atomicity A fold changes three words. It first writes their new values to
 *           the block's field fold; while version is odd, those values are
 *           valid. A reader therefore finds three old words or three new
 *           ones, also in a process that was killed in between. tests/model
 *           explores this in all orders that C11 allows, and without each of
 *           the fences.
 */
#ifndef MIDPOOL_STATS_RECENT_H
#define MIDPOOL_STATS_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"

enum {
    RECENT_GET_SHIFT = 25,
    RECENT_LEFT_MAX = 300, /* 300 times 64 KB are below RECENT_GET */
    RECENT_READ_TRIES = 8,
};

#define RECENT_GET ((int64_t)1 << RECENT_GET_SHIFT)

_Static_assert((int64_t)RECENT_LEFT_MAX * 65536 < RECENT_GET,
               "bytes do not reach the gets");

/* The gets and bytes that a bin's hot counters stand for. */
struct recent_sums {
    uint64_t gets;
    uint64_t bytes;
};

static inline struct recent_sums
recent_sums_of(int64_t recent, uint64_t granted, uint64_t folded)
{
    return (struct recent_sums){
        .gets = granted + (uint64_t)(recent >> RECENT_GET_SHIFT),
        .bytes = folded + ((uint64_t)recent & (uint64_t)(RECENT_GET - 1)),
    };
}

/* Gets of a bin. Thread: the block's holder. */
static inline uint64_t
recent_gets(const struct stats_hot *hot)
{
    return recent_sums_of(hot->recent, hot->granted, hot->folded).gets;
}

/* Would another get of bytes find the credit used up? */
static inline bool
recent_is_spent(const struct stats_hot *hot, uint64_t bytes)
{
    return hot->recent + RECENT_GET + (int64_t)bytes >= 0;
}

/*
 * Folds and grants left gets, 1 to RECENT_LEFT_MAX, of which the last finds the
 * credit used up. Thread: the block's holder.
 */
static inline void
recent_fold(struct stats_block *block, unsigned bin, unsigned left)
{
    struct stats_hot *hot = &block->hot[bin];
    struct stats_fold *fold = &block->fold;
    struct recent_sums sums =
        recent_sums_of(hot->recent, hot->granted, hot->folded);

    int64_t recent = -(int64_t)left * RECENT_GET;
    uint64_t granted = sums.gets + left;

    /*
     * A reader that sees the following stores also sees the end of the last
     * fold.
     */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&fold->bin, bin, __ATOMIC_RELAXED);
    __atomic_store_n(&fold->recent, recent, __ATOMIC_RELAXED);
    __atomic_store_n(&fold->granted, granted, __ATOMIC_RELAXED);
    __atomic_store_n(&fold->folded, sums.bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&fold->version, fold->version + 1, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    __atomic_store_n(&hot->recent, recent, __ATOMIC_RELAXED);
    __atomic_store_n(&hot->granted, granted, __ATOMIC_RELAXED);
    __atomic_store_n(&hot->folded, sums.bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&fold->version, fold->version + 1, __ATOMIC_RELEASE);
}

/*
 * Gets and bytes of a bin, for any thread or process: both of one moment,
 * unless the block's holder folds faster than this reads.
 */
static inline struct recent_sums
recent_read(const struct stats_block *block, unsigned bin)
{
    const struct stats_hot *hot = &block->hot[bin];
    const struct stats_fold *fold = &block->fold;
    struct recent_sums sums = {0, 0};

    for (int i = 0; i < RECENT_READ_TRIES; i++) {
        uint32_t version = __atomic_load_n(&fold->version, __ATOMIC_ACQUIRE);
        bool told = version % 2 == 1 &&
                    __atomic_load_n(&fold->bin, __ATOMIC_ACQUIRE) == bin;
        const int64_t *recent = told ? &fold->recent : &hot->recent;
        const uint64_t *granted = told ? &fold->granted : &hot->granted;
        const uint64_t *folded = told ? &fold->folded : &hot->folded;

        sums = recent_sums_of(__atomic_load_n(recent, __ATOMIC_ACQUIRE),
                              __atomic_load_n(granted, __ATOMIC_ACQUIRE),
                              __atomic_load_n(folded, __ATOMIC_ACQUIRE));
        if (__atomic_load_n(&fold->version, __ATOMIC_RELAXED) == version)
            break;
    }
    return sums;
}

#endif
