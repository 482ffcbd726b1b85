/*
 * purge.h - returning idle memory on request.
 *
 * Thread    Any, without a lock. Others get the slab lock in between.
 */
#ifndef MIDPOOL_POOL_PURGE_H
#define MIDPOOL_POOL_PURGE_H

#include "base.h"

/* Moves the depots' slots to the slabs. */
void purge_collect(void);

/*
 * The same, and returns the address space of slabs that became empty, and of
 * those that were. Returns its bytes.
 */
size_t purge_space(void);

/* Returns everything idle that the depots and slabs hold; bytes. */
size_t purge_all(void);

#endif
