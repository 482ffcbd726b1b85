/*
 * idle.h - idle memory that leaves while a program frees.
 *
 * Model     After so many bytes that a thread gives to the depots it looks at
 *           what is idle in all. Beyond what was needed lately (need.h) idle
 *           memory goes: magazines of the depots to their slabs first, so that
 *           whole slabs become empty, then the pages of empty slabs, then
 *           those between slots. A look does a bounded amount of work, in
 *           pieces of some ten microseconds, with the slab lock free during
 *           the system calls.
 *           Nothing goes at frees with decay_ms:-1; with decay_ms:0, and over
 *           pool_max, see bound.h.
 * Thread    Any. The slab lock guards the estimate of needs.
 */
#ifndef MIDPOOL_POOL_IDLE_H
#define MIDPOOL_POOL_IDLE_H

#include "base.h"

struct cache;

/*
 * After a put to the bin: looks, if the cache gave enough (given_bytes).
 * Requires cache_enter and no lock.
 */
void idle_look(struct cache *cache, unsigned bin);

/* So many bytes are going to be touched anew. Requires the slab lock. */
void idle_note_growth(uint64_t bytes);

#endif
