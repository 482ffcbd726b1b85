/*
 * space.h - the addresses where the pools lie.
 *
 * Model     Slabs, tables, magazines, caches and the statistics page lie in
 *           one range, at a place where nobody else maps anything (os_window).
 *           It is cut into pieces at start. Pages are mapped in steps, as they
 *           are needed. The other addresses stay free, so that no limit counts
 *           them (RLIMIT_AS, or RLIMIT_MEMLOCK under mlockall). If there is no
 *           such place, each piece is reserved where the kernel puts it, and
 *           committed in the same steps.
 * Ownership A piece belongs to its module, which knows its mapped parts, and
 *           maps under the slab lock.
 */
#ifndef MIDPOOL_POOL_SPACE_H
#define MIDPOOL_POOL_SPACE_H

#include "base.h"

/*
 * Finds a place with room for the slabs, which are the first piece and need
 * slab_bytes, and for the other pieces. align is the largest alignment of all.
 * Thread: the first, before any other call.
 */
void space_init(size_t slab_bytes, size_t align);

/* True if there is no such place, and pieces are reserved. */
bool space_reserved(void);

/*
 * A piece at a multiple of align, a power of two of at least a page; never
 * given back. NULL: no address space. Thread: the first.
 */
void *space_piece(size_t bytes, size_t align);

/*
 * Makes whole pages of a piece usable that were not; they read as zero.
 * False: no memory, no address space, or something is in the way.
 */
bool space_map(void *start, size_t bytes);

/* Undoes space_map or space_set_aside of those pages. */
void space_unmap(void *start, size_t bytes);

/*
 * Reserves unmapped pages of a piece for a mapping that will take their place.
 * False: another mapping is in the way and would be lost.
 */
bool space_set_aside(void *start, size_t bytes);

/*
 * Two pieces of that many bytes, the second distance above the first, which
 * is returned; NULL: no address space. Addresses between them may belong to
 * others.
 */
void *space_pair(size_t bytes, size_t distance, size_t align);

/* Address space taken so far, in bytes. Thread: any. */
size_t space_taken_bytes(void);

#endif
