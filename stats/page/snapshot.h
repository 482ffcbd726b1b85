/*
 * snapshot.h - the counters of one moment, summed and derived.
 *
 * A snapshot is taken from a statistics page (page.h) and is all that a
 * rendering sees: every format shows the same numbers.
 */
#ifndef MIDPOOL_STATS_SNAPSHOT_H
#define MIDPOOL_STATS_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "page.h"

struct sites;

/* All counters of counters.def, in its order. */
struct stats_counts {
#define COUNTER(name, kind, unit, series, meaning) uint64_t name;
#include "counters.def"
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

/*
 * Sums the page up into *out.
 *
 * now_ns is CLOCK_MONOTONIC, for the duration of a running process. Values
 * of threads that run meanwhile are a few operations apart; the values derived
 * from them never go below zero. The equations between the counters hold in
 * every snapshot; once the threads are quiet every number is exact.
 *
 * Thread: any; takes no lock, allocates nothing, makes no system call,
 * async-signal-safe, under 1 KB of stack. *out is 12 KB: keep it static.
 */
void stats_snapshot_take(struct stats_snapshot *out,
                         const struct stats_header *page, int64_t now_ns);

/*
 * Begins a new count for page's process: every later snapshot is reduced by the
 * counts that its blocks hold now. Thread: one at a time, of the process
 * itself; others may count meanwhile, and of an operation that is under way
 * then the parts may fall on both sides.
 */
void stats_snapshot_rebase(struct stats_header *page);

#endif
