/*
 * thread.h - attaching a cache to a thread at its first allocation, and
 * detaching it by a thread-specific data destructor (block.h).
 */
#ifndef MIDPOOL_POOL_THREAD_H
#define MIDPOOL_POOL_THREAD_H

#include "cache.h"

/*
 * The calling thread's cache, attached if necessary; NULL: it has none.
 * First mends the state of an operation that was left (recover.h).
 */
struct cache *thread_cache_from(const void *frame);

static always_inline struct cache *
thread_cache(void)
{
    return thread_cache_from(__builtin_frame_address(0));
}

#endif
