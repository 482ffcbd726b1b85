/*
 * pool_check.h - the pool's invariants, checked slot by slot.
 *
 * Purpose   Walks slabs, depots, caches and counters and compares them all
 *           with one another: a slot that is in two places, or in none, or
 *           that is not counted, is found whatever operation lost it.
 * Thread    Requires that no other thread is inside an operation.
 */
#ifndef MIDPOOL_TESTS_POOL_CHECK_H
#define MIDPOOL_TESTS_POOL_CHECK_H

#include "cache.h"

/* Where the slots of a bin are. */
struct pool_census {
    uint64_t live;      /* handed out, and not inherited through a fork */
    uint64_t inherited; /* handed out before the fork */
    uint64_t warm;      /* marked in a slab */
    uint64_t cold;
    uint64_t depot;
    uint64_t cached; /* in the magazines of threads */
    uint64_t runs;   /* cold ones that threads took */
};

/* The first claim that does not hold, in words; NULL: all do. */
const char *pool_check(void);

/* As of the last pool_check. */
extern struct pool_census pool_census[BINS];

/* Sums over all bins. */
uint64_t pool_census_idle(void);
uint64_t pool_census_live(void);

#endif
