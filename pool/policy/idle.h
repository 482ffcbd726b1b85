/*
 * idle.h - idle memory that is returned while a program frees.
 *
 * Model     After each MB that a thread gave to the depots, it looks at the sum
 *           of idle memory. Memory beyond the need (need.h) is returned:
 *           magazines of the depots go to their slabs first, so that whole
 *           slabs become empty, then the pages of empty slabs, then those
 *           between slots to the system. Pages between slots wait until three
 *           quarters of their slab are free, because a call then returns
 *           several slots; a program that frees all gets there by itself, and
 *           of another the decay returns them. A look does a bounded amount of
 *           work, in pieces of some ten microseconds, with the slab lock free
 *           during the system calls.
 *           With decay_ms:-1, frees return nothing. For decay_ms:0 and
 *           pool_max see bound.h.
 * Thread    Any. The slab lock guards the estimate of needs.
 */
#ifndef MIDPOOL_POOL_IDLE_H
#define MIDPOOL_POOL_IDLE_H

#include "base.h"

struct cache;

/*
 * Called after a put to the bin. Looks if the cache gave enough since its last
 * look (given_bytes). Requires cache_enter and no lock.
 */
void idle_look(struct cache *cache, unsigned bin);

/* Notes that bytes of new memory will be touched. Requires the slab lock. */
void idle_note_growth(uint64_t bytes);

#endif
