/*
 * thread.c - attaching caches to threads, see thread.h.
 */
#include "thread.h"

#include <pthread.h>

#include "account.h"
#include "fork.h"
#include "lock.h"
#include "os.h"
#include "purge.h"
#include "recover.h"
#include "settings.h"
#include "slab.h"

__thread struct cache *cache_self __attribute__((tls_model("initial-exec"))) =
    &cache_empty;

__thread struct cache_operation cache_operation
    __attribute__((tls_model("initial-exec")));

/* All sizes and slabs lead to no_top, no_low and no_limit. */
struct cache cache_empty = {.state = CACHE_EMPTY, .match = UINT32_MAX};
struct cache cache_dead = {.state = CACHE_DEAD, .match = UINT32_MAX};
struct cache cache_busy = {.state = CACHE_BUSY, .match = UINT32_MAX};

/* Written under slab_lock, but for the epoch: by resets and forks. */
static struct {
    uint32_t used;     /* blocks below were attached once, */
    uint32_t kept;     /* and this one, which a fork kept; 0: none */
    uint32_t free;     /* first of the free list, 0: none */
    uint32_t attached; /* living threads with a block */
    uint32_t epoch;
    pthread_key_t key;
    bool key_made;
} threads = {.epoch = 1};

uint32_t
thread_tag(uint32_t index)
{
    return (index << THREAD_EPOCH_BITS |
            __atomic_load_n(&threads.epoch, __ATOMIC_RELAXED))
           << STATE_TAG_SHIFT;
}

bool
thread_tag_inherited(uint32_t tag)
{
    return ((tag >> STATE_TAG_SHIFT) & THREAD_EPOCH_MASK) !=
           __atomic_load_n(&threads.epoch, __ATOMIC_RELAXED);
}

uint32_t
thread_blocks_used(void)
{
    return threads.kept < threads.used ? threads.used : threads.kept + 1;
}

bool
thread_init(void)
{
    if (!thread_area_init())
        return false;
    threads.used = THREAD_FIRST;
    return true;
}

/* A block's number, 0 if there is none. Requires slab_lock. */
static uint32_t
take_block(void)
{
    uint32_t index = threads.free;

    if (index != 0) {
        threads.free = atomic_load(&thread_cache_at(index)->next);
        return index;
    }
    index = threads.used;
    if (index == threads.kept)
        index++;
    if (!thread_area_grow(index))
        return 0;
    threads.used = index + 1;
    account_page->blocks_used = thread_blocks_used();
    return index;
}

static void
free_block(uint32_t index)
{
    atomic_store(&thread_cache_at(index)->next, threads.free);
    threads.free = index;
}

static void
init_cache(struct cache *cache, uint32_t index)
{
    __builtin_memset(cache, 0, sizeof(*cache));
    cache->index = index;
    thread_retag(cache);
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
 * A second thread begins: the first one may have had a high peak, below which
 * its share would rise unseen by others.
 */
static void
recall_first(uint32_t second)
{
    for (uint32_t i = THREAD_FIRST; i < account_page->blocks_used; i++) {
        if (i != second &&
            __atomic_load_n(&stats_block_at(account_page, i)->alone,
                            __ATOMIC_RELAXED))
            cache_recall(thread_cache_at(i));
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
    purge_bound(BINS);
    cache->state = CACHE_DEAD;
    cache_block(cache)->in_use = 0;
    count_thread(-1);
    if (lock_acquire_soon(&slab_lock)) {
        free_block(cache->index);
        threads.attached--;
    }
    atomic_store_explicit(&cache->owner, 0, memory_order_relaxed);
    lock_release(&slab_lock);
    cache_leave(&cache_dead);
}

/* Requires slab_lock. */
static void
make_key(void)
{
    if (!threads.key_made)
        threads.key_made = pthread_key_create(&threads.key, thread_detach) == 0;
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
        index = take_block();
        threads.attached += index != 0;
        make_key();
        lock_release(&slab_lock);
    }
    if (index == 0) {
        cache_leave(&cache_empty);
        return NULL;
    }

    struct cache *cache = thread_cache_at(index);

    init_cache(cache, index);
    atomic_store_explicit(&cache->owner, lock_self(), memory_order_relaxed);
    cache_block(cache)->in_use = 1;
    count_thread(1);
    cache_block(cache)->alone = account_alone();
    if (__atomic_load_n(&account_page->threads_peak, __ATOMIC_RELAXED) == 2)
        recall_first(index);
    cache_leave(cache);
    /* May allocate, which the cache already serves. */
    if (threads.key_made)
        (void)pthread_setspecific(threads.key, cache);
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

static bool
owned_by_self(uint32_t index)
{
    return atomic_load_explicit(&thread_cache_at(index)->owner,
                                memory_order_relaxed) == lock_self();
}

/*
 * Within an operation cache_self does not tell. Looking the owner up there
 * costs time, but no second TLS variable.
 */
static struct cache *
find_own(void)
{
    uint32_t end = threads.used;

    if (!thread_area_exists())
        return NULL;
    if (threads.kept != 0 && owned_by_self(threads.kept))
        return thread_cache_at(threads.kept);
    for (uint32_t index = THREAD_FIRST; index < end; index++) {
        if (owned_by_self(index))
            return thread_cache_at(index);
    }
    return NULL;
}

struct cache *
thread_own(void)
{
    switch (cache_self->state) {
    case CACHE_LIVE:
        return cache_self;
    case CACHE_BUSY:
        return find_own();
    default:
        return NULL;
    }
}

bool
thread_others(void)
{
    return threads.attached > (thread_own() != NULL);
}

void
thread_new_epoch(void)
{
    uint32_t next = threads.epoch + 1;

    if (next > THREAD_EPOCH_MASK) {
        thread_age_tags();
        next = 1;
    }
    __atomic_store_n(&threads.epoch, next, __ATOMIC_RELAXED);
}

/* A reset in between makes it look again: see cache_recall_all. */
void
thread_retag(struct cache *cache)
{
    do {
        cache->tag = thread_tag(cache->index);
        __atomic_store_n(&cache->match,
                         settings.slow_puts ? UINT32_MAX : cache->tag,
                         __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    } while (cache->tag != thread_tag(cache->index));
}

/*
 * The fence orders this against a thread that restores what is recalled here:
 * it either finds the new epoch or leaves this in place.
 */
void
thread_recall_others(const struct cache *own)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t i = THREAD_FIRST; i < thread_blocks_used(); i++) {
        struct cache *cache = thread_cache_at(i);

        if (cache != own && cache->state == CACHE_LIVE)
            cache_recall_all(cache);
    }
}

void
thread_notice(struct cache *cache)
{
    if (cache_is_recalled(cache)) {
        __builtin_memcpy(cache->bin_offset, size_bin_offset,
                         sizeof(size_bin_offset));
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    if (likely(
            cache->tag == thread_tag(cache->index) &&
            (settings.slow_puts ||
             __atomic_load_n(&cache->match, __ATOMIC_RELAXED) == cache->tag)))
        return;
    thread_retag(cache);
    account_forget_peaks(cache_block(cache));
}

/* Giving pages back spares a child a copy of each. */
static void
clear_blocks(uint32_t from, uint32_t to)
{
    struct stats_block *first = stats_block_at(account_page, from);
    size_t bytes = (size_t)(to - from) * PAGE_BLOCK_BYTES;

    if (from < to && !os_purge(first, bytes))
        __builtin_memset(first, 0, bytes);
}

void
thread_clear_others(void)
{
    const struct cache *own = thread_own();
    uint32_t end = thread_blocks_used();
    uint32_t mine = own != NULL ? own->index : end;

    clear_blocks(THREAD_FIRST, mine);
    clear_blocks(mine + 1, end);
}

void
thread_fork_child(void)
{
    struct cache *own = thread_own();

    thread_new_epoch();
    /* The others' blocks are taken again as if for the first time. */
    threads.free = 0;
    threads.used = THREAD_FIRST;
    threads.kept = own != NULL ? own->index : 0;
    threads.attached = own != NULL;
    if (own != NULL)
        thread_retag(own);
    account_page->threads_now = threads.attached;
    account_page->threads_peak = threads.attached;
}
