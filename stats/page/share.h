/*
 * share.h - a thread's share of live bytes, read by other threads.
 *
 * Model     The share is peak_bytes - headroom (page.h). A get and a put change
 *           headroom alone. When the thread publishes, both words change and
 *           the share does not; share_version is odd meanwhile, and each time
 *           adds two. A reader takes no lock: it looks afterwards whether the
 *           version is the same.
 * Order     share_begin's fence is before the first store, so that who reads
 *           anything new also finds another version. tests/model explores all
 *           orders that C11 allows.
 */
#ifndef MIDPOOL_STATS_SHARE_H
#define MIDPOOL_STATS_SHARE_H

#include <stdint.h>

#include "page.h"

enum { SHARE_READ_TRIES = 8 };

/* Begins to change both words. Thread: the block's holder. */
static inline void
share_begin(struct stats_block *block)
{
    __atomic_store_n(&block->share_version, block->share_version + 1,
                     __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void
share_end(struct stats_block *block)
{
    __atomic_store_n(&block->share_version, block->share_version + 1,
                     __ATOMIC_RELEASE);
}

/* For any thread: of one moment, unless it changes faster than this reads. */
static inline int64_t
share_read(const struct stats_block *block)
{
    int64_t share = 0;

    for (int i = 0; i < SHARE_READ_TRIES; i++) {
        uint32_t version =
            __atomic_load_n(&block->share_version, __ATOMIC_ACQUIRE);

        share = __atomic_load_n(&block->peak_bytes, __ATOMIC_RELAXED) -
                __atomic_load_n(&block->headroom, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (version % 2 == 0 &&
            __atomic_load_n(&block->share_version, __ATOMIC_RELAXED) == version)
            break;
    }
    return share;
}

#endif
