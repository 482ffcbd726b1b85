/*
 * thread.c - attaching caches to threads, see thread.h.
 */
#include "thread.h"

#include <pthread.h>

#include "account.h"
#include "block.h"
#include "bound.h"
#include "lock.h"
#include "operation.h"
#include "recover.h"
#include "settings.h"
#include "slab.h"

/* Written under slab_lock. */
static struct {
    pthread_key_t key;
    bool made;
} detach_key;

static void
init_cache(struct cache *cache, uint32_t index)
{
    __builtin_memset(cache, 0, sizeof(*cache));
    cache->index = index;
    block_retag(cache);
    cache->interval = 1;
    cache->window = __atomic_load_n(&slab_window, __ATOMIC_RELAXED);
    __builtin_memcpy(cache->bin_offset, size_bin_offset,
                     sizeof(size_bin_offset));
    for (unsigned i = 0; i < BINS; i++)
        cache->bin[i].slot_bytes = bin_info[i].slot_bytes;
    cache->state = CACHE_LIVE;
}

static void
count_thread(int change)
{
    uint32_t *peak = &account_page->threads_peak;
    uint32_t now = __atomic_add_fetch(&account_page->threads_now,
                                      (uint32_t)change, __ATOMIC_RELAXED);
    uint32_t seen = __atomic_load_n(peak, __ATOMIC_RELAXED);

    while (change > 0 && now > seen &&
           !__atomic_compare_exchange_n(peak, &seen, now, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/*
 * Recalls the first thread's cache when a second thread begins. Otherwise the
 * first thread's share could rise unpublished up to its former peak.
 */
static void
recall_first(uint32_t second)
{
    for (uint32_t i = BLOCK_FIRST; i < account_page->blocks_used; i++) {
        if (i != second &&
            __atomic_load_n(&stats_block_at(account_page, i)->alone,
                            __ATOMIC_RELAXED))
            cache_recall(cache_at(i));
    }
}

/*
 * Thread-specific data destructor. Later destructors of the thread may still
 * allocate; they find cache_dead and use the shared block.
 */
static void
thread_detach(void *value)
{
    struct cache *cache = value;

    recover_if_left();
    if (cache_self != cache)
        return;
    cache_enter();
    cache_flush(cache);
    bound_hold(BINS);
    cache->state = CACHE_DEAD;
    cache_block(cache)->in_use = 0;
    cache_operation.ended = cache->index;
    count_thread(-1);
    if (lock_acquire_soon(&slab_lock))
        block_give(cache->index);
    atomic_store_explicit(&cache->owner, 0, memory_order_relaxed);
    lock_release(&slab_lock);
    cache_leave(&cache_dead);
}

/* Requires slab_lock. */
static void
make_key(void)
{
    if (!detach_key.made)
        detach_key.made =
            pthread_key_create(&detach_key.key, thread_detach) == 0;
}

static struct cache *
attach(void)
{
    if (!settings.active || fork_is_pending() || lock_held_by_self(&slab_lock))
        return NULL;
    /* A handler must not attach the thread a second time meanwhile. */
    cache_enter();

    uint32_t index = 0;

    if (lock_acquire_soon(&slab_lock)) {
        index = block_take();
        if (index == 0)
            __atomic_store_n(&account_page->threads_beyond, 1,
                             __ATOMIC_RELAXED);
        make_key();
        lock_release(&slab_lock);
    }
    if (index == 0) {
        cache_leave(&cache_empty);
        return NULL;
    }

    struct cache *cache = cache_at(index);

    init_cache(cache, index);
    atomic_store_explicit(&cache->owner, lock_self(), memory_order_relaxed);
    cache_block(cache)->in_use = 1;
    count_thread(1);
    cache_block(cache)->alone = account_alone();
    if (__atomic_load_n(&account_page->threads_peak, __ATOMIC_RELAXED) == 2)
        recall_first(index);
    cache_leave(cache);
    /* pthread_setspecific may allocate, which the cache already serves. */
    if (detach_key.made)
        (void)pthread_setspecific(detach_key.key, cache);
    return cache;
}

struct cache *
thread_cache_from(const void *frame)
{
    struct cache *cache = cache_self;

    if (likely(cache->state == CACHE_LIVE))
        return cache;
    if (recover_if_left_from(frame))
        cache = cache_self;
    if (cache->state == CACHE_LIVE)
        return cache;
    return cache->state == CACHE_EMPTY ? attach() : NULL;
}
