/*
 * stats_fixture.h - synthetic statistics pages for the tests of stats.
 *
 * A page in static storage with the real class table, two blocks in use and
 * every counter zero; tests fill in what they are about. Nothing here is
 * shared with the pool, so that the tests do not judge code by itself.
 */
#ifndef MIDPOOL_TESTS_STATS_FIXTURE_H
#define MIDPOOL_TESTS_STATS_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "recent.h"
#include "report.h"

enum {
    FIXTURE_BLOCKS = 4, /* the header's two included */
    FIXTURE_BYTES = FIXTURE_BLOCKS * PAGE_BLOCK_BYTES,
    CLASS_2K = 0,
    CLASS_2560 = 1,
    CLASS_4K = 4,
    CLASS_16K = 14,
    CLASS_64K = 24,
    BIN_4K_ALIGNED = PAGE_CLASSES, /* the first page-aligned bin */
};

union fixture_bytes {
    char bytes[FIXTURE_BYTES];
    struct stats_header header;
};

/* Criterion's assertions take a truth, not a pointer. */
static inline bool
contains(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/*
 * 2048, then four equal steps from each pool's lower neighbour, and from 4 KB
 * upwards one step of 512 bytes before them.
 */
static inline void
fixture_classes(struct stats_header *page)
{
    unsigned index = 0;
    page->class_bytes[index++] = 2048;
    page->pool_bytes[0] = 2048;
    for (unsigned pool = 1; pool < PAGE_POOLS; pool++) {
        uint32_t below = page->pool_bytes[pool - 1];
        page->pool_bytes[pool] = 2 * below;
        if (below >= 4096) {
            page->class_pool[index] = (uint8_t)pool;
            page->class_bytes[index++] = below + 512;
        }
        for (uint32_t step = 1; step <= 4; step++) {
            page->class_pool[index] = (uint8_t)pool;
            page->class_bytes[index++] = below + step * below / 4;
        }
    }
    unsigned bin = 0;
    for (; bin < PAGE_CLASSES; bin++)
        page->bin_class[bin] = (uint8_t)bin;
    for (unsigned i = 0; i < PAGE_CLASSES; i++)
        if (page->class_bytes[i] % 4096 == 0)
            page->bin_class[bin++] = (uint8_t)i;
}

static inline struct stats_header *
fixture_page(void)
{
    static union fixture_bytes storage
        __attribute__((aligned(PAGE_BLOCK_BYTES)));
    struct stats_header *page = &storage.header;
    memset(&storage, 0, sizeof(storage));
    memcpy(page->magic, "midpool", sizeof(page->magic));
    page->layout = PAGE_LAYOUT;
    page->block_bytes = PAGE_BLOCK_BYTES;
    page->blocks_used = FIXTURE_BLOCKS;
    page->end = STATS_END_EXIT;
    page->pid = 4242;
    page->ppid = 4200;
    page->active = 1;
    page->start_unix_ns = 1700000000123456789;
    page->start_monotonic_ns = 5000000000;
    page->end_monotonic_ns = 7310000000;
    page->warn_below = 95;
    page->threads_now = 1;
    page->threads_peak = 3;
    page->interval_ns = 128000000;
    strcpy(page->executable, "/usr/bin/sqlite3");
    strcpy(page->build_id, "00ff");
    strcpy(page->host, "box");
    strcpy(page->config, "report:text,report_file:,warn_below:95");
    fixture_classes(page);
    return page;
}

/* The hot counters of a bin in the first (0) or second (1) block. */
static inline struct stats_hot *
fixture_hot(struct stats_header *page, unsigned block, unsigned bin)
{
    return &stats_block_at(page, PAGE_FIRST_BLOCK + block)->hot[bin];
}

static inline struct stats_cold *
fixture_cold(struct stats_header *page, unsigned block, unsigned bin)
{
    return &stats_block_at(page, PAGE_FIRST_BLOCK + block)->cold[bin];
}

/* The profile bucket of a requested size. */
static inline unsigned
fixture_bucket(unsigned bytes)
{
    return (bytes - 2048) / PAGE_SIZE_STEP_BYTES;
}

/*
 * gets of bytes each in a bin of the first block, of which misses were new
 * and puts came back; keeps the words that depend on each other in step.
 */
static inline void
fixture_traffic(struct stats_header *page, unsigned bin, unsigned bytes,
                uint64_t gets, uint64_t misses, uint64_t puts)
{
    struct stats_block *block = stats_block_at(page, PAGE_FIRST_BLOCK);
    struct stats_hot *hot = &block->hot[bin];
    hot->misses += misses;
    hot->puts += puts;
    /* As if 7 gets were left, and the last of these not folded yet. */
    hot->recent += -7 * RECENT_GET + (int64_t)(gets > 0 ? bytes : 0);
    hot->granted += gets + 7;
    hot->folded += (gets > 0 ? gets - 1 : 0) * bytes;
    block->sizes[fixture_bucket(bytes)] += gets;
    int64_t peak = (int64_t)misses;
    block->cold[bin].peak += peak;
    page->peak_bytes += peak * (int64_t)page->class_bytes[page->bin_class[bin]];
}

/*
 * At most peak buffers of the bin were in use at a time: without this as many
 * as there were misses, so that each of these was a first use.
 */
static inline void
fixture_peak(struct stats_header *page, unsigned bin, int64_t peak)
{
    struct stats_cold *cold = fixture_cold(page, 0, bin);

    page->peak_bytes +=
        (peak - cold->peak) * (int64_t)page->class_bytes[page->bin_class[bin]];
    cold->peak = peak;
}

/* A page with a bit of everything, for renderings. */
static inline struct stats_header *
fixture_busy_page(void)
{
    struct stats_header *page = fixture_page();
    struct stats_block *block = stats_block_at(page, PAGE_FIRST_BLOCK);
    fixture_traffic(page, CLASS_2K, 2048, 1000000, 40, 1000000);
    fixture_traffic(page, CLASS_2560, 2400, 30000, 1500, 29990);
    fixture_traffic(page, CLASS_4K, 4000, 500000, 800, 499999);
    fixture_traffic(page, BIN_4K_ALIGNED, 4096, 1000, 10, 1000);
    fixture_traffic(page, CLASS_16K, 16000, 20000, 5000, 20000);
    fixture_traffic(page, CLASS_64K, 65536, 50, 50, 50);
    fixture_hot(page, 0, CLASS_4K)->depot_hits = 100000;
    fixture_hot(page, 0, CLASS_4K)->remote_puts = 90000;
    block->cold[CLASS_16K].callocs = 700;
    page->usage = (struct stats_usage){1870000000, 330000000, 48 << 20};
    block->cold[BIN_4K_ALIGNED].aligned = 1000;
    block->cold[CLASS_4K].reallocs_in_place = 12;
    block->cold[CLASS_4K].reallocs_moved = 5;
    block->cold[CLASS_64K].bypasses = 3;
    block->fallback_calls[5] = 12345678;
    block->below_granted = 300000000;
    block->below_credit = 1234;
    block->fallback_calls[17] = 9;
    block->fallback_calls[21] = 2;
    block->above_bytes = 4000000;
    page->peak_monotonic_ns = 6000000000;
    page->discards[CLASS_16K] = 100;
    page->metadata_bytes = 500000;
    page->reserved_bytes = 1ull << 36;
    page->purged_bytes = 1638400;
    page->intervals = 18;
    for (unsigned i = 0; i < page->intervals; i++) {
        uint64_t gets = 1000 * (uint64_t)((i * 7) % 19);
        page->interval[i] = (struct stats_interval){
            .gets = gets, .hits = gets - i, .misses = i, .live_bytes = 5000};
    }
    page->interval[0] = (struct stats_interval){0};
    return page;
}

/* A page whose every counter is at its limit and every string full. */
static inline struct stats_header *
fixture_extreme_page(void)
{
    struct stats_header *page = fixture_page();
    for (uint32_t i = PAGE_FIRST_BLOCK; i < FIXTURE_BLOCKS; i++) {
        struct stats_block *block = stats_block_at(page, i);
        memset(block, 0xff, sizeof(*block));
        for (unsigned bin = 0; bin < PAGE_BINS; bin++) {
            block->hot[bin].recent = 0;
            block->hot[bin].misses = 1ull << 63;
            block->hot[bin].depot_hits = 1ull << 62;
            block->hot[bin].puts = 1;
            block->cold[bin].peak = INT64_MAX;
            block->cold[bin].published = INT64_MIN;
        }
        block->below_credit = 0;
        block->peak_bytes = INT64_MAX;
        block->published_bytes = INT64_MIN;
    }
    page->double_frees = page->interior_frees = UINT64_MAX;
    page->misaligned_frees = page->wild_frees = UINT64_MAX;
    page->foreign_frees = page->wrong_sizes = UINT64_MAX;
    page->threads_now = page->threads_peak = UINT32_MAX;
    page->metadata_bytes = page->reserved_bytes = UINT64_MAX;
    page->purged_bytes = UINT64_MAX;
    for (unsigned bin = 0; bin < PAGE_BINS; bin++) {
        page->live[bin] = page->peak[bin] = INT64_MAX;
        page->adopted[bin] = INT64_MIN;
        page->discards[bin] = page->warmups[bin] = UINT64_MAX;
    }
    page->live_bytes = page->peak_bytes = INT64_MAX;
    page->pid = page->ppid = INT32_MIN;
    page->generation = UINT32_MAX;
    page->start_unix_ns = INT64_MAX;
    memset(&page->usage, 0xff, sizeof(page->usage));
    page->start_monotonic_ns = INT64_MIN;
    page->end_monotonic_ns = INT64_MAX;
    page->peak_monotonic_ns = INT64_MAX;
    page->interval_ns = INT64_MAX;
    page->intervals = PAGE_INTERVALS;
    memset(page->interval, 0xff, sizeof(page->interval));
    /* The characters that take most room in each format. */
    memset(page->reason, 1, sizeof(page->reason) - 1);
    memset(page->executable, '"', sizeof(page->executable) - 1);
    memset(page->build_id, 'f', sizeof(page->build_id) - 2);
    memset(page->host, 0xff, sizeof(page->host) - 1);
    memset(page->config, 2, sizeof(page->config) - 1);
    return page;
}

#endif
