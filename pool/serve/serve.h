/*
 * serve.h - gets and puts that the fast path (fast.h) did not serve, and their
 * counts.
 */
#ifndef MIDPOOL_POOL_SERVE_H
#define MIDPOOL_POOL_SERVE_H

#include "cache.h"
#include "guard_slot.h"

/*
 * Gets a slot of the bin by any means: another magazine, the depot, slabs. NULL
 * if there is no memory, or none that a signal handler may take. Keeps errno.
 * *zero: the slot reads as zero. taken is the progress of the fast get of the
 * same request. align is a power of two that all slots of the bin are aligned
 * to; a guarded buffer is aligned to it as well.
 */
void *cache_get_slow_aligned(unsigned bin, size_t align, size_t bytes,
                             enum cache_taken taken, bool *zero);

/* The same with malloc's alignment. */
void *cache_get_slow(unsigned bin, size_t bytes, enum cache_taken taken,
                     bool *zero);

/* The result of a put. */
enum cache_put_result {
    CACHE_PUT_DONE,
    CACHE_PUT_MISUSED, /* misuse was reported, and nothing changed */
    CACHE_PUT_FOREIGN, /* not the pool's pointer */
};

/* Puts a slot by any means. Keeps errno. */
enum cache_put_result cache_put_slow(void *ptr);

enum { CACHE_BIN_FOREIGN = -1, CACHE_BIN_MISUSED = -2 };

/*
 * The bin of a live slot. CACHE_BIN_FOREIGN: the pointer is not the pool's.
 * CACHE_BIN_MISUSED: the slot is not live, which was reported.
 */
int cache_slot_bin(const void *ptr);

/* The bytes that the program may use of a live slot of the bin. */
static inline size_t
cache_slot_room(const void *ptr, unsigned bin)
{
    return guard_owns(ptr) ? guard_room(ptr) : bin_info[bin].slot_bytes;
}

/*
 * Counts a request outside the band, which the fallback serves. Returns the
 * rate for sample_tell_outside if the request is a sample, otherwise 0.
 */
uint64_t cache_count_slow(size_t bytes);

/* The same after cache_count_below failed. */
uint64_t cache_count_below_slow(size_t bytes);

static always_inline unsigned
cache_width(size_t bytes)
{
    return bytes == 0 ? 0 : 64 - (unsigned)__builtin_clzl(bytes);
}

/*
 * Looks at the clock and, if it is time, publishes counts, returns memory,
 * gives idle bins back. Requires cache_enter.
 */
void cache_tick(struct cache *cache);

#endif
