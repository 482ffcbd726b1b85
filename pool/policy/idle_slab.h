/*
 * idle_slab.h - which slabs hold idle memory that a purge may return.
 */
#ifndef MIDPOOL_POOL_IDLE_SLAB_H
#define MIDPOOL_POOL_IDLE_SLAB_H

#include "base.h"

/* Bytes in slabs that a purge may return. Requires the slab lock. */
uint64_t idle_slab_bytes(void);

/* The bin with the most such bytes. Requires the slab lock. */
unsigned idle_most(void);

/* The slabs in use that are worth a purge. */
struct idle_wish {
    uint64_t least_bytes;  /* bytes that a purge may return, at least */
    uint32_t most_slabs;   /* slabs that one search looks at, at most */
    uint8_t free_quarters; /* quarters of its slots that are free, at least */
};

/*
 * The next slab in turn of the bin that is worth a purge; UINT32_MAX: none
 * among those looked at. Requires the slab lock.
 */
uint32_t idle_next_slab(unsigned bin, struct idle_wish wish);

/* The least bytes in a slab in use that are worth a system call. */
enum { IDLE_WORTH_BYTES = 64 << 10 };

/*
 * The slab whose memory should be returned next: an empty one that lost pages
 * already, otherwise any empty one, otherwise one in use (idle_next_slab).
 * UINT32_MAX: none. Requires the slab lock.
 */
uint32_t idle_next_piece(struct idle_wish wish);

#endif
