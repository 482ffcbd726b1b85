/*
 * purge_slab.h - returning the idle pages of one slab.
 */
#ifndef MIDPOOL_POOL_PURGE_SLAB_H
#define MIDPOOL_POOL_PURGE_SLAB_H

#include "base.h"

/*
 * Returns the idle pages of a slab to the system. Returns the bytes of slots
 * that lost pages. The slab is in no set meanwhile, so that its free slots can
 * not be taken, and the lock is free during the system calls. Requires
 * slab_lock, which may be lost.
 */
size_t purge_slab(uint32_t number);

/* The limits of one purge, so that it takes little time. */
struct purge_limit {
    size_t bytes; /* of slots whose pages are returned, about */
    size_t calls; /* system calls */
    size_t least; /* bytes that are worth a call, except of an empty slab */
};

/* A limit of some ten microseconds: a number of pages, whatever their size. */
struct purge_limit purge_piece(void);

/*
 * As purge_slab, up to a limit; another call does the rest of the slab. An
 * empty slab is returned whole. Requires slab_lock, which may be lost.
 */
size_t purge_slab_piece(uint32_t number, struct purge_limit limit);

/*
 * Puts a slab back into its sets if the calling thread did not end its purge,
 * because it left by siglongjmp or did not get the lock after the system call.
 * The contents of the slab's free slots are lost. Requires slab_lock.
 */
void purge_slab_restore(void);

#endif
