/*
 * recover.c - see recover.h.
 */
#include "recover.h"

#include "account.h"
#include "block.h"
#include "cache.h"
#include "cache_budget.h"
#include "lock.h"
#include "operation.h"
#include "os.h"
#include "purge_slab.h"
#include "region.h"
#include "slab.h"

/* A return address at most this far up the stack is read: it is mapped. */
enum { LOOK_BYTES = 64 << 10 };

/* Did the calling thread leave the operation that it is in? */
static bool
was_left(uintptr_t here)
{
    uintptr_t frame = (uintptr_t)cache_operation.frame;

    if (cache_self != &cache_busy || frame == 0)
        return false;
    if (here >= frame)
        return here == frame || !os_on_signal_stack();
    return frame - here < LOOK_BYTES &&
           cache_operation.frame[1] != cache_operation.back;
}

/* Makes a bin consistent; a magazine that was being exchanged is lost. */
static void
mend_bin(struct bin *bin)
{
    const struct magazine *run = bin->cold;
    size_t depth = (size_t)(bin->top - bin->base);

    if (bin->base == NULL || bin->top == NULL || depth > MAGAZINE_ROUNDS) {
        bin->base = bin->top = bin->low = bin->limit = NULL;
    } else {
        bin->limit = bin->base + (depth > bin->rounds ? depth : bin->rounds);
        bin->low = bin->base;
    }
    if (run != NULL && run->taken > run->rounds)
        bin->cold = NULL;
}

/* Completes a fold (recent.h) that was begun. */
static void
mend_fold(struct stats_block *block)
{
    struct stats_fold *fold = &block->fold;
    struct stats_hot *hot = &block->hot[fold->bin];

    if (fold->version % 2 == 0)
        return;
    __atomic_store_n(&hot->recent, fold->recent, __ATOMIC_RELAXED);
    __atomic_store_n(&hot->granted, fold->granted, __ATOMIC_RELAXED);
    __atomic_store_n(&hot->folded, fold->folded, __ATOMIC_RELAXED);
    __atomic_store_n(&fold->version, fold->version + 1, __ATOMIC_RELEASE);
}

static void
mend_cache(struct cache *cache)
{
    struct stats_block *block = cache_block(cache);
    uint64_t granted = 0;

    mend_fold(block);
    if (block->headroom < 0)
        (void)account_live_more(block, 0);
    for (unsigned index = 0; index < BINS; index++) {
        mend_bin(&cache->bin[index]);
        granted += (uint64_t)cache->bin[index].rounds * bin_info[index].stride;
        cache_set_low(cache, index);
    }
    if (cache->granted_bytes > granted)
        cache_revoke(cache, cache->granted_bytes - granted);
}

/* This is an operation too: if it is left, the next call mends again. */
static noinline void
mend(void)
{
    struct cache *own;

    cache_note_operation();
    own = block_own();
    if (lock_held_by_self(&slab_lock)) {
        slab_lock.depth = 0;
        slab_recover();
        purge_slab_restore();
        lock_release(&slab_lock);
    } else if (cache_operation.purged != 0 && lock_acquire_soon(&slab_lock)) {
        purge_slab_restore();
        lock_release(&slab_lock);
    }
    if (own != NULL)
        mend_cache(own);
    cache_leave(own != NULL ? own : &cache_empty);
}

bool
recover_if_left_from(const void *frame)
{
    if (likely(cache_self != &cache_busy) || !was_left((uintptr_t)frame))
        return false;
    mend();
    return true;
}
