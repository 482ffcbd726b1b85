/*
 * refill.h - where a slot comes from when the loaded magazine is empty.
 */
#ifndef MIDPOOL_POOL_REFILL_H
#define MIDPOOL_POOL_REFILL_H

#include "cache.h"

/* Where a slot came from: what a get is counted as. */
enum refill_source {
    REFILL_NONE,
    REFILL_CACHE, /* the loaded magazine */
    REFILL_DEPOT, /* the depot or a slab: shared, warm */
    REFILL_COLD,  /* a miss */
};

struct refill {
    enum refill_source source;
    bool zero; /* the slot reads as zero */
    void *slot;
};

/* One slot for a cache; what else comes along fills its magazines. */
struct refill refill_cache(struct cache *cache, unsigned bin);

/* One slot for a thread without a cache. Requires slab_lock. */
struct refill refill_shared(unsigned bin);

/*
 * Takes max cold slots for the bin, with all that it may need: reclaim, an
 * emptied slab of another bin (its slots are warm then and the result is 0
 * with slab_warm_count set), a new slab. Requires slab_lock.
 */
unsigned refill_take_cold(unsigned bin, struct magazine *into, unsigned max);

/* The same without a look at what is idle elsewhere. Requires slab_lock. */
unsigned refill_take_new(unsigned bin, struct magazine *into, unsigned max);

#endif
