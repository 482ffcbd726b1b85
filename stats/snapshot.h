/*
 * snapshot.h - the counters of one moment, summed and derived.
 *
 * A snapshot is taken from a statistics page (page.h) and is all that a
 * rendering sees: every format shows the same numbers.
 */
#ifndef MIDPOOL_STATS_SNAPSHOT_H
#define MIDPOOL_STATS_SNAPSHOT_H

#include <stdint.h>

#include "page.h"

/* All counters of counters.def, in its order. */
struct stats_counts {
#define COUNTER(name, kind, unit, meaning) uint64_t name;
#include "counters.def"
#undef COUNTER
};

struct stats_class_row {
    uint32_t max_bytes;
    struct stats_counts counts;
};

struct stats_fallback {
    uint64_t calls;
    uint64_t bytes;
};

struct stats_snapshot {
    const struct stats_header *page; /* process, config, curve, misuse */
    enum stats_end end;
    int64_t duration_ns;
    struct stats_counts total;
    struct stats_class_row pool[PAGE_POOLS];
    struct stats_class_row classes[PAGE_CLASSES];
    struct stats_fallback below;
    struct stats_fallback above;
    uint64_t fallback_widths[PAGE_WIDTHS];
    uint64_t sizes[PAGE_SIZES];
    uint64_t rss_bytes;      /* of the process, 0: unknown */
    uint64_t peak_rss_bytes; /* of the process, 0: unknown */
};

/*
 * Sums the page up into *out.
 *
 * now_ns is CLOCK_MONOTONIC, for the duration of a running process. Values
 * of threads that run meanwhile are a few operations apart; what is derived
 * from them never goes below zero. Once the threads are quiet every equation
 * of the contract holds exactly.
 *
 * Thread: any; takes no lock, allocates nothing, async-signal-safe. *out is
 * 10 KB: keep it static or know the stack.
 */
void stats_snapshot_take(struct stats_snapshot *out,
                         const struct stats_header *page, int64_t now_ns);

#endif
