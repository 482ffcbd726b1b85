/*
 * rusage.h - CPU time and peak memory of the process, by the kernel's count.
 *
 * Model     getrusage knows both. The kernel starts the peak of a program with
 *           that of the process that executed it, so a small program would
 *           show the size of its shell or of an interpreter. rusage_begin
 *           notes that peak; if the program did not exceed it,
 *           /proc/self/status is read, which counts this program alone.
 * Limits    The CPU time is that of the process since its fork; it includes
 *           the programs that the process was before an exec. If a filter
 *           forbids the calls, nothing is known.
 */
#ifndef MIDPOOL_INTERPOSE_RUSAGE_H
#define MIDPOOL_INTERPOSE_RUSAGE_H

#include "page.h"

/* Notes the peak at the start, before a filter can be set. One system call. */
void rusage_begin(void);

/* Called in a forked child, whose peak the kernel counts for it alone. */
void rusage_forked(void);

/*
 * Fills *usage as of now; 0 is an unknown value. Keeps errno; no cancellation
 * point; async-signal-safe.
 */
void rusage_measure(struct stats_usage *usage);

#endif
