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

/*
 * Puts the slab back into its sets whose purge the calling thread did not
 * end: it left by siglongjmp, or the lock was not to be had after the system
 * call. What was in its free slots is lost. Requires slab_lock.
 */
void purge_slab_settle(void);

#endif
