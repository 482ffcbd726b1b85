/*
 * thread.h - threads and their caches: attach, detach.
 *
 * Model     A block of the thread area (thread_area.h) is attached to a
 *           thread at its first allocation and detached by a thread-specific
 *           data destructor. Block THREAD_SHARED serves all threads
 *           that have none: whose destructors still run after the detach,
 *           and those beyond the last block; it is used under the slab lock.
 * Tags      A slot's state word names the block that got it, with an epoch
 *           that grows with every fork, so that a child knows what it
 *           inherited: tag = block << 4 | epoch, epoch 1 to 15.
 */
#ifndef MIDPOOL_POOL_THREAD_H
#define MIDPOOL_POOL_THREAD_H

#include "cache.h"
#include "thread_area.h"

enum {
    THREAD_SHARED = PAGE_FIRST_BLOCK,
    THREAD_FIRST = PAGE_FIRST_BLOCK + 1,
    THREAD_EPOCH_BITS = 4,
    THREAD_EPOCH_MASK = (1 << THREAD_EPOCH_BITS) - 1,
};

/* Takes the thread area. False: no memory. */
bool thread_init(void);

/*
 * The calling thread's cache: attached if need be; NULL if it has none. The
 * state that an operation left is mended first (recover.h).
 */
struct cache *thread_cache_from(const void *frame);

static always_inline struct cache *
thread_cache(void)
{
    return thread_cache_from(__builtin_frame_address(0));
}

/* The same, also in the middle of an operation; NULL: none attached. */
struct cache *thread_own(void);

/* What handed out slots carry, of whatever thread, once epochs ran out. */
#define THREAD_AGED_TAG (1u << (STATE_TAG_SHIFT + THREAD_EPOCH_BITS))

/* Gives every slot that is handed out that tag. Thread: any. */
void thread_age_tags(void);

/* Tag of a block in the current epoch. */
uint32_t thread_tag(uint32_t index);

/* The block of a tag. */
static inline uint32_t
thread_tag_block(uint32_t tag)
{
    return tag >> (STATE_TAG_SHIFT + THREAD_EPOCH_BITS);
}

/* A tag of an earlier epoch: handed out before a fork. */
bool thread_tag_inherited(uint32_t tag);

/*
 * From now on slots that were handed out before count as inherited. Threads
 * take their new tag when they next take a slow path.
 */
void thread_new_epoch(void);
void thread_retag(struct cache *cache);

/*
 * Sends every other thread's next get and next put to a slow path, so that it
 * takes its new tag. Requires slab_lock.
 */
void thread_recall_others(const struct cache *own);

/*
 * At a slow path: restores what was recalled; after a reset takes the new tag
 * and forgets the peaks. Thread: the cache's own.
 */
void thread_notice(struct cache *cache);

/* In a forked child: zeroes the counts of other threads. */
void thread_clear_others(void);

/*
 * In a forked child: a new epoch; every block but the caller's is free.
 * Requires that no operation is under way.
 */
void thread_fork_child(void);

/* Block numbers that were ever in use end here; after a fork, since it. */
uint32_t thread_blocks_used(void);

/* Do other threads have caches? Requires slab_lock. */
bool thread_others(void);

#endif
