/*
 * purge.h - returning idle memory on request.
 *
 * Thread    Any, without a lock. Other threads get the slab lock in between.
 */
#ifndef MIDPOOL_POOL_PURGE_H
#define MIDPOOL_POOL_PURGE_H

#include "base.h"

/* Moves the depots' slots to the slabs. */
void purge_collect(void);

/*
 * As purge_collect; then returns the address space of all empty and clean slabs
 * to the system. Returns its bytes.
 */
size_t purge_space(void);

/* Returns all idle memory of depots and slabs to the system. Returns bytes. */
size_t purge_all(void);

#endif
