/*
 * snapshot.h - the counters of one moment, summed and derived.
 *
 * A snapshot is taken from a statistics page (page.h) and is all that a
 * rendering sees: every format shows the same numbers.
 */
#ifndef MIDPOOL_STATS_SNAPSHOT_H
#define MIDPOOL_STATS_SNAPSHOT_H

#include "sums.h"

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
 * itself. Others may count meanwhile; parts of an operation that is under way
 * may be counted before and after.
 */
void stats_snapshot_rebase(struct stats_header *page);

#endif
