/*
 * space.h - the addresses where the pools lie.
 *
 * Model     Slabs, tables, magazines, caches and the statistics page lie in
 *           one range, in a place where nobody else maps anything
 *           (os_window), which is cut into pieces at start. Pages are mapped
 *           in steps, as they are needed: the rest is free addresses, which
 *           no limit counts (RLIMIT_AS, or RLIMIT_MEMLOCK under mlockall).
 *           Where there is no such place each piece is reserved where the
 *           kernel puts it, and committed in the same steps.
 * Ownership A piece is its module's, which knows what of it is mapped, and
 *           maps under the slab lock.
 */
#ifndef MIDPOOL_POOL_SPACE_H
#define MIDPOOL_POOL_SPACE_H

#include "base.h"

/*
 * Finds a place that has room for the slabs, which need that many bytes and
 * are its first piece, and for what others need. align is the largest there
 * will be. Thread: the first, before any other call.
 */
void space_init(size_t slab_bytes, size_t align);

/* There is none: pieces are reserved. */
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

/* As if those had never been mapped, or set aside. */
void space_unmap(void *start, size_t bytes);

/*
 * Pages of a piece that are not mapped, for a mapping that will take their
 * place. False: something is in the way, and that would be lost.
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
