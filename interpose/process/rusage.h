/*
 * rusage.h - CPU time and peak memory of the process, as the kernel counts.
 *
 * Model     getrusage knows both. The kernel starts the peak of a program with
 *           that of the process that executed it, so a small program would
 *           show the size of its shell or of an interpreter. rusage_begin
 *           notes that peak; if the program did not exceed it,
 *           /proc/self/status is read, which counts this program alone.
 * Limits    The CPU time is that of the process since its fork, with the
 *           programs that it was before an exec. If a filter forbids the
 *           calls, nothing is known.
 */
#ifndef MIDPOOL_INTERPOSE_RUSAGE_H
#define MIDPOOL_INTERPOSE_RUSAGE_H

#include "page.h"

/* At the program's start, before a filter can be set. One system call. */
void rusage_begin(void);

/* In a forked child, whose peak is its own. */
void rusage_forked(void);

/*
 * Fills *usage as of now; zeros for unknown values. Async-signal-safe; keeps
 * errno, and is no point at which the thread may be cancelled.
 */
void rusage_measure(struct stats_usage *usage);

#endif
