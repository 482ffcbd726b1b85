/*
 * snapshot_base.h - counting anew from a reset: the sums of then are taken off
 * those of now. Shared by snapshot.c and snapshot_base.c only.
 */
#ifndef MIDPOOL_STATS_SNAPSHOT_BASE_H
#define MIDPOOL_STATS_SNAPSHOT_BASE_H

#include "snapshot.h"

/* One read that the compiler neither repeats nor tears. */
#define LOAD(word) __atomic_load_n(&(word), __ATOMIC_RELAXED)

static inline uint64_t
at_most(uint64_t value, uint64_t limit)
{
    return value < limit ? value : limit;
}

static inline uint32_t
blocks_end(const struct stats_header *page)
{
    uint32_t used = LOAD(page->blocks_used);
    return used < PAGE_BLOCKS ? used : PAGE_BLOCKS;
}

/* Adds a bin of a block to the sums, nothing taken off. */
void snapshot_add_block(struct stats_counts *sum,
                        const struct stats_block *block, unsigned bin);

/* Sizes and fallback of all blocks, nothing taken off. */
void snapshot_sum_profile(struct stats_snapshot *out,
                          const struct stats_header *page);

/* Takes off what the last reset noted. */
void snapshot_take_off_bin(struct stats_counts *c,
                           const struct stats_base_bin *base);
void snapshot_take_off_profile(struct stats_snapshot *out,
                               const struct stats_base *base);

#endif
