/*
 * sums.h - the counters of a page's blocks, added up as they are, and the
 * struct that holds them.
 */
#ifndef MIDPOOL_STATS_SUMS_H
#define MIDPOOL_STATS_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "page.h"

struct sites;

struct stats_fallback {
    uint64_t calls;
    uint64_t bytes;
};

struct stats_snapshot {
    const struct stats_header *page; /* process, config, curve, misuse */
    const struct sites *sites; /* sampled stacks, set by the caller; or NULL */
    enum stats_end end;
    int64_t duration_ns;
    struct stats_counts total;
    struct stats_class_row pool[PAGE_POOLS];
    struct stats_class_row classes[PAGE_CLASSES];
    struct stats_fallback below;
    struct stats_fallback above;
    uint64_t fallback_widths[PAGE_WIDTHS];
    uint64_t sizes[PAGE_SIZES];
    struct stats_interval interval[PAGE_INTERVALS + 1]; /* last one: open */
    uint32_t intervals;
    int64_t interval_ns;      /* length of every interval but the open one */
    uint64_t purged_bytes;    /* slot bytes of all discards */
    uint64_t rss_bytes;       /* of the process, 0: unknown */
    struct stats_usage usage; /* the page's; of a running process to be set */
    bool peak_is_exact; /* otherwise total's may be higher: account_peak.c */
};

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

/* The gets of all blocks, those before a reset as well. */
uint64_t block_sums_gets(const struct stats_header *page);

/* Was nothing ever got or put by the block's threads? */
bool block_is_unused(const struct stats_block *block);

#endif
