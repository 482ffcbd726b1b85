/*
 * equations.h - the equations that the counters of a snapshot satisfy.
 */
#ifndef MIDPOOL_STATS_EQUATIONS_H
#define MIDPOOL_STATS_EQUATIONS_H

#include <stdbool.h>

#include "sums.h"

/*
 * The first of the contract's equations that snap breaks, in words; NULL
 * when all hold. Those between counters that are kept in different words
 * hold at rest only, when no thread counts on; quiet says that none does.
 * Snapshots of a page whose sums reached 2^64-1 prove nothing.
 */
const char *stats_broken_equation(const struct stats_snapshot *snap,
                                  bool quiet);

#endif
