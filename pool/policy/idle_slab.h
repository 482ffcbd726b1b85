/*
 * idle_slab.h - which slabs hold idle memory that a purge may return.
 */
#ifndef MIDPOOL_POOL_IDLE_SLAB_H
#define MIDPOOL_POOL_IDLE_SLAB_H

#include "base.h"

/* Bytes in slabs that a purge may return. Requires the slab lock. */
uint64_t idle_slab_bytes(void);

/* The bin with the most of them. Requires the slab lock. */
unsigned idle_most(void);

/*
 * A slab of the bin that got so many bytes of slots back since its last purge,
 * going round; UINT32_MAX: none. Requires the slab lock.
 */
uint32_t idle_next_slab(unsigned bin, uint64_t least_bytes);

/* That is worth a system call, in a slab in use. */
enum { IDLE_WORTH_BYTES = 64 << 10 };

/*
 * Where memory should be returned next: an empty slab that lost pages already,
 * any empty slab, or one in use (idle_next_slab). UINT32_MAX: nowhere. Requires
 * the slab lock.
 */
uint32_t idle_next_piece(uint64_t least_bytes);

#endif
