/*
 * guard.h - buffers between protected pages.
 *
 * Purpose   One get in N on average gets a buffer on pages of its own, so that
 *           an access before it, behind it, or after its put faults at once, as
 *           in GWP-ASan (Serebryany et al., ICSE-SEIP 2024).
 * Model     Slots of address space are ready for such buffers (guard_slot.h).
 *           A buffer counts as any other does: its get is a miss, its put a
 *           discard, since its memory goes back to the system.
 * Choice    As in sample.h: a bin's credit never reaches beyond the next get
 *           that is to be guarded, so the fast path is the same. Puts take the
 *           slow path because no slab has the address.
 * Rate 0    Each thread finds its own rate: it gets a guarded buffer only if
 *           since its last one it used 200 times the CPU time that one costs.
 */
#ifndef MIDPOOL_POOL_GUARD_H
#define MIDPOOL_POOL_GUARD_H

#include "cache.h"
#include "guard_slot.h"
#include "pool_types.h"

/* See pool_guard_start. */
bool guard_start(const struct pool_guard *guard);

/*
 * Is the next get of the bin to be guarded? Requires that the bin's credit is
 * used up.
 */
bool guard_choose(struct cache *cache, unsigned bin);

/* The most gets that a fold may grant to the bin: see sample_choose. */
unsigned guard_bound(const struct cache *cache, unsigned bin, unsigned left);

/*
 * Takes a buffer that reads as zero; align is a power of two of at most a page.
 * The caller writes its state word. NULL: no slot is free, or the system
 * refuses.
 */
void *guard_take(unsigned bin, size_t align, size_t bytes);

/* Notes the call stack of the get. Not within an operation. */
void guard_tell(const void *ptr);

/*
 * The bin of a live buffer, and its word; -1, reported, for another pointer.
 * Not within an operation.
 */
int guard_look_up(const void *ptr, uint32_t *seen);

/* Reports a write beside the buffer. Not within an operation. */
void guard_check(const void *ptr);

/* The same for all live buffers. Requires that no other thread runs. */
void guard_check_all(void);

/* Counts and reports a double put. Not within an operation. */
void guard_twice(const void *ptr);

/* Protects the slot of a buffer whose word says that it is free. */
void guard_release(const void *ptr);

/* See pool_guard_explain. */
bool guard_explain(const void *address, struct pool_guard_find *find);

#endif
