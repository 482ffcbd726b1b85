/*
 * subject.h - the words of renderings for the process that was counted.
 */
#ifndef MIDPOOL_STATS_SUBJECT_H
#define MIDPOOL_STATS_SUBJECT_H

#include <stdbool.h>

#include "snapshot.h"

/* exit, exec, signal, running or unknown. */
const char *subject_end_name(enum stats_end end);

/* The executable without its directories. */
const char *subject_name(const struct stats_header *page);

enum { SUBJECT_LABEL_BYTES = 64 };

/* The same for a column or label: printable UTF-8, cut to the buffer. */
void subject_label(const struct stats_header *page,
                   char label[SUBJECT_LABEL_BYTES + 1]);

/* True if the counts are final, so that live buffers are leftovers. */
bool subject_ended(const struct stats_snapshot *snap);

/* From the start to the moment of the highest live bytes; 0: unknown. */
uint64_t subject_peak_after(const struct stats_snapshot *snap);

/* Is the process's CPU time known? It is then above 0. */
bool subject_knows_cpu(const struct stats_usage *usage);

/* Had a thread no block? Then there were more threads than the peak says. */
bool subject_threads_are_bound(const struct stats_header *page);

struct subject_span {
    int64_t from_ns; /* since the start */
    int64_t to_ns;
};

/* When interval number index of the curve was. */
struct subject_span subject_interval(const struct stats_snapshot *snap,
                                     uint32_t index);

#endif
