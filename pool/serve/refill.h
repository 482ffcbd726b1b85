/*
 * refill.h - gets slots when the loaded magazine is empty.
 */
#ifndef MIDPOOL_POOL_REFILL_H
#define MIDPOOL_POOL_REFILL_H

#include "cache.h"

/* The origin of a slot, by which its get is counted. */
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

/* Gets one slot for a cache, and may fill its magazines with others. */
struct refill refill_cache(struct cache *cache, unsigned bin);

/* One slot for a thread without a cache. Requires slab_lock. */
struct refill refill_shared(unsigned bin);

/*
 * Takes up to max cold or fresh slots, as slab_take_cold. May reclaim memory or
 * take over an empty slab; after a take-over that left the bin warm slots it
 * returns 0. The lock may be lost.
 * Requires slab_lock.
 */
unsigned refill_take_cold(unsigned bin, struct magazine *into, unsigned max);

/* The same without a look at idle memory elsewhere. Requires slab_lock. */
unsigned refill_take_new(unsigned bin, struct magazine *into, unsigned max);

#endif
