/*
 * purge_slab.h - returning the idle pages of one slab.
 */
#ifndef MIDPOOL_POOL_PURGE_SLAB_H
#define MIDPOOL_POOL_PURGE_SLAB_H

#include "base.h"

/*
 * Returns the idle pages of a slab, and says how many bytes of slots had
 * theirs. The slab is out of all sets meanwhile, so that its free slots can
 * not be taken, and the lock is free during the system calls. Requires
 * slab_lock.
 */
size_t purge_slab(uint32_t number);

/* Where a purge ends, so that it takes little time, and what it leaves. */
struct purge_limit {
    size_t bytes; /* of slots whose pages are returned, about */
    size_t calls; /* system calls */
    size_t least; /* bytes that are worth a call, except of an empty slab */
};

/* One that takes some ten microseconds: the pages count, not their size. */
struct purge_limit purge_piece(void);

/*
 * The same up to a limit; another call does the rest of the slab. The pages of
 * an empty slab that are huge ones go at once, which takes no longer.
 * Requires slab_lock.
 */
size_t purge_slab_piece(uint32_t number, struct purge_limit limit);

/*
 * Puts the slab back into its sets whose purge the calling thread did not
 * end: it left by siglongjmp, or the lock was not to be had after the system
 * call. The contents of its free slots are lost. Requires slab_lock.
 */
void purge_slab_restore(void);

#endif
