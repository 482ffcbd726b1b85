/*
 * block.h - the blocks of the thread area, and the threads that hold them.
 *
 * Model     A block is a cache and its counters (cache_area.h). Block
 *           BLOCK_SHARED serves all threads that have no block: those whose
 *           destructors still run after the detach, and those beyond the last
 *           block. Its counters are written as account.h says.
 * Tags      A slot's state word names the block that got it, with an epoch
 *           that grows with every fork and reset, so that a child knows which
 *           slots it inherited: tag = block << 4 | epoch, epoch 1 to 15.
 */
#ifndef MIDPOOL_POOL_BLOCK_H
#define MIDPOOL_POOL_BLOCK_H

#include "cache.h"
#include "cache_area.h"

enum { BLOCK_EPOCH_BITS = 4, BLOCK_EPOCH_MASK = (1 << BLOCK_EPOCH_BITS) - 1 };

/*
 * A free block's number, with its pages; 0 if there is none. block_give takes
 * it back. Requires slab_lock.
 */
uint32_t block_take(void);
void block_give(uint32_t index);

/*
 * The calling thread's cache, also in the middle of an operation; NULL: none
 * attached.
 */
struct cache *block_own(void);

/* The tag that live slots get when epochs run out: block 1, epoch 0. */
#define BLOCK_AGED_TAG (1u << (STATE_TAG_SHIFT + BLOCK_EPOCH_BITS))

/* Gives every live slot that tag. Thread: any. */
void block_age_tags(void);

/* Tag of a block in the current epoch. */
uint32_t block_tag(uint32_t index);

/* The block of a tag. */
static inline uint32_t
block_of_tag(uint32_t tag)
{
    return tag >> (STATE_TAG_SHIFT + BLOCK_EPOCH_BITS);
}

/* A tag of an earlier epoch: handed out before a fork. */
bool block_tag_inherited(uint32_t tag);

/*
 * From now on slots that were handed out before count as inherited. Threads
 * take their new tag when they next take a slow path.
 */
void block_new_epoch(void);
void block_retag(struct cache *cache);

/*
 * Sends every other thread's next get and next put to a slow path, so that it
 * takes its new tag. Requires slab_lock.
 */
void block_recall_others(const struct cache *own);

/*
 * At a slow path: undoes a recall; after a reset it takes the new tag and
 * forgets the peaks. Thread: the cache's own.
 */
void block_notice(struct cache *cache);

/* In a forked child: zeroes the counts of other threads. */
void block_clear_others(void);

/*
 * In a forked child: a new epoch; every block but the caller's is free.
 * Requires that no operation is under way.
 */
void block_fork_child(void);

/* The end of the block numbers that were in use, ever or since the fork. */
uint32_t blocks_used(void);

/* Do other threads have caches? Requires slab_lock. */
bool block_others(void);

#endif
