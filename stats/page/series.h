/*
 * series.h - the curve in the page's header, written and read.
 *
 * Model     series_version is odd while a thread closes an interval, and each
 *           close adds two. A reader, also of another process, takes no lock:
 *           it copies, and looks afterwards whether the version is the same.
 * Order     series_begin's fence is before the first store, so that who reads
 *           anything new also finds another version. tests/model explores all
 *           orders that C11 allows.
 */
#ifndef MIDPOOL_STATS_SERIES_H
#define MIDPOOL_STATS_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"

/* Begins to write. False: another thread does. */
static inline bool
series_begin(struct stats_header *page)
{
    uint32_t seen = __atomic_load_n(&page->series_version, __ATOMIC_RELAXED);

    if (seen % 2 != 0 ||
        !__atomic_compare_exchange_n(&page->series_version, &seen, seen + 1,
                                     false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    return true;
}

static inline void
series_end(struct stats_header *page)
{
    __atomic_store_n(&page->series_version, page->series_version + 1,
                     __ATOMIC_RELEASE);
}

/* Requires series_begin, like the functions below. */
static inline void
series_set(struct stats_header *page, uint32_t index,
           struct stats_interval value)
{
    struct stats_interval *at = &page->interval[index];

    __atomic_store_n(&at->gets, value.gets, __ATOMIC_RELAXED);
    __atomic_store_n(&at->hits, value.hits, __ATOMIC_RELAXED);
    __atomic_store_n(&at->misses, value.misses, __ATOMIC_RELAXED);
    __atomic_store_n(&at->live_bytes, value.live_bytes, __ATOMIC_RELAXED);
}

static inline void
series_set_length(struct stats_header *page, uint32_t intervals,
                  int64_t interval_ns)
{
    __atomic_store_n(&page->intervals, intervals, __ATOMIC_RELAXED);
    __atomic_store_n(&page->interval_ns, interval_ns, __ATOMIC_RELAXED);
}

/*
 * Copies the finished intervals to out, which has room for PAGE_INTERVALS.
 * True when they are of one moment. Thread: any. The acquiring loads keep the
 * second look behind them.
 */
static inline bool
series_copy(const struct stats_header *page, struct stats_interval *out,
            uint32_t *intervals, int64_t *interval_ns)
{
    uint32_t version = __atomic_load_n(&page->series_version, __ATOMIC_ACQUIRE);
    uint32_t count = __atomic_load_n(&page->intervals, __ATOMIC_ACQUIRE);

    count = count < PAGE_INTERVALS ? count : PAGE_INTERVALS;
    for (uint32_t i = 0; i < count; i++) {
        const struct stats_interval *from = &page->interval[i];

        out[i].gets = __atomic_load_n(&from->gets, __ATOMIC_ACQUIRE);
        out[i].hits = __atomic_load_n(&from->hits, __ATOMIC_ACQUIRE);
        out[i].misses = __atomic_load_n(&from->misses, __ATOMIC_ACQUIRE);
        out[i].live_bytes =
            __atomic_load_n(&from->live_bytes, __ATOMIC_ACQUIRE);
    }
    *intervals = count;
    *interval_ns = __atomic_load_n(&page->interval_ns, __ATOMIC_ACQUIRE);
    return version % 2 == 0 &&
           __atomic_load_n(&page->series_version, __ATOMIC_RELAXED) == version;
}

#endif
