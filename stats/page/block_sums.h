/*
 * block_sums.h - the counters of a page's blocks, added up as they are.
 */
#ifndef MIDPOOL_STATS_BLOCK_SUMS_H
#define MIDPOOL_STATS_BLOCK_SUMS_H

#include <stdbool.h>

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

/*
 * Adds a bin of a block to the sums. Puts of all blocks together may be below
 * zero while threads count.
 */
void block_sums_add(struct stats_counts *sum, const struct stats_block *block,
                    unsigned bin);

/* Sizes and fallback of all blocks. */
void block_sums_profile(struct stats_snapshot *out,
                        const struct stats_header *page);

/* Was nothing ever got or put by the block's threads? */
bool block_is_unused(const struct stats_block *block);

#endif
