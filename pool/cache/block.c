/*
 * block.c - see block.h.
 */
#include "block.h"

#include "account.h"
#include "guard_slot.h"
#include "lock.h"
#include "os.h"
#include "settings.h"
#include "slab.h"

/* Written under slab_lock; the epoch is written by resets and forks. */
static struct {
    uint32_t used;     /* blocks below were attached at least once */
    uint32_t kept;     /* so was this one, which a fork kept; 0: none */
    uint32_t free;     /* first of the free list, 0: none */
    uint32_t attached; /* living threads with a block */
    uint32_t epoch;
} threads = {.used = BLOCK_FIRST, .epoch = 1};

uint32_t
block_tag(uint32_t index)
{
    return (index << BLOCK_EPOCH_BITS |
            __atomic_load_n(&threads.epoch, __ATOMIC_RELAXED))
           << STATE_TAG_SHIFT;
}

bool
block_tag_inherited(uint32_t tag)
{
    return ((tag >> STATE_TAG_SHIFT) & BLOCK_EPOCH_MASK) !=
           __atomic_load_n(&threads.epoch, __ATOMIC_RELAXED);
}

uint32_t
blocks_used(void)
{
    return threads.kept < threads.used ? threads.used : threads.kept + 1;
}

uint32_t
block_take(void)
{
    uint32_t index = threads.free;

    if (index != 0) {
        threads.free = atomic_load(&cache_at(index)->next);
        threads.attached++;
        return index;
    }
    index = threads.used;
    if (index == threads.kept)
        index++;
    if (!cache_area_grow(index))
        return 0;
    threads.used = index + 1;
    threads.attached++;
    account_page->blocks_used = blocks_used();
    return index;
}

void
block_give(uint32_t index)
{
    atomic_store(&cache_at(index)->next, threads.free);
    threads.free = index;
    threads.attached--;
}

/* If the owner frees the slot meanwhile, its write prevails. */
static void
age_tag(uint32_t *state)
{
    uint32_t seen = __atomic_load_n(state, __ATOMIC_RELAXED);

    if (seen >> STATE_TAG_SHIFT != 0)
        (void)__atomic_compare_exchange_n(
            state, &seen, (seen & STATE_OFFSET_MASK) | BLOCK_AGED_TAG, false,
            __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* When epochs are used up, everything handed out so far gets epoch 0. */
void
block_age_tags(void)
{
    struct guard_slot *guarded;
    uint32_t number;

    for (unsigned i = 0; (guarded = guard_slot_at(i)) != NULL; i++)
        age_tag(&guarded->word);
    for (number = region_next_used(0); number != UINT32_MAX;
         number = region_next_used(number + 1)) {
        const char *start = region_slab_start(number);

        for (size_t at = 0; at < SLAB_BYTES; at += 1 << STATE_SHIFT)
            age_tag(region_state(start + at));
    }
}

static bool
owned_by_self(uint32_t index)
{
    return atomic_load_explicit(&cache_at(index)->owner,
                                memory_order_relaxed) == lock_self();
}

/*
 * The calling thread's cache within an operation, when cache_self does not show
 * it. The search takes time, but needs no second TLS variable.
 */
static struct cache *
find_own(void)
{
    uint32_t end = threads.used;

    if (!cache_area_exists())
        return NULL;
    if (threads.kept != 0 && owned_by_self(threads.kept))
        return cache_at(threads.kept);
    for (uint32_t index = BLOCK_FIRST; index < end; index++) {
        if (owned_by_self(index))
            return cache_at(index);
    }
    return NULL;
}

struct cache *
block_own(void)
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
block_others(void)
{
    return threads.attached > (block_own() != NULL);
}

void
block_new_epoch(void)
{
    uint32_t next = threads.epoch + 1;

    if (next > BLOCK_EPOCH_MASK) {
        block_age_tags();
        next = 1;
    }
    __atomic_store_n(&threads.epoch, next, __ATOMIC_RELAXED);
}

/* Repeated if a reset came in between; see cache_recall_all. */
void
block_retag(struct cache *cache)
{
    do {
        cache->tag = block_tag(cache->index);
        __atomic_store_n(&cache->match,
                         settings.slow_puts ? UINT32_MAX : cache->tag,
                         __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    } while (cache->tag != block_tag(cache->index));
}

/*
 * The fence pairs with the one in block_notice: a thread that undoes an earlier
 * recall either sees the new epoch or leaves this recall in place.
 */
void
block_recall_others(const struct cache *own)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (uint32_t i = BLOCK_FIRST; i < blocks_used(); i++) {
        struct cache *cache = cache_at(i);

        if (cache != own && cache->state == CACHE_LIVE)
            cache_recall_all(cache);
    }
}

void
block_notice(struct cache *cache)
{
    if (cache_is_recalled(cache)) {
        __builtin_memcpy(cache->bin_offset, size_bin_offset,
                         sizeof(size_bin_offset));
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    if (likely(
            cache->tag == block_tag(cache->index) &&
            (settings.slow_puts ||
             __atomic_load_n(&cache->match, __ATOMIC_RELAXED) == cache->tag)))
        return;
    block_retag(cache);
    account_forget_peaks(cache_block(cache));
}

static void
clear(char *from, const char *to)
{
    __builtin_memset(from, 0, (size_t)(to - from));
}

/*
 * Zeroes the blocks [from, to). Purging whole pages spares a child a copy of
 * each. Blocks at the ends may share a page with others, which stay.
 */
static void
clear_blocks(uint32_t from, uint32_t to)
{
    char *first = (char *)stats_block_at(account_page, from);
    char *end = (char *)stats_block_at(account_page, to);
    char *low = (char *)align_up((uintptr_t)first, os_page_bytes());
    char *high = (char *)align_down((uintptr_t)end, os_page_bytes());

    if (from >= to)
        return;
    if (low < high && os_purge(low, (size_t)(high - low))) {
        clear(first, low);
        clear(high, end);
    } else {
        clear(first, end);
    }
}

void
block_clear_others(void)
{
    const struct cache *own = block_own();
    uint32_t end = blocks_used();
    uint32_t mine = own != NULL ? own->index : end;

    clear_blocks(BLOCK_FIRST, mine);
    clear_blocks(mine + 1, end);
}

void
block_fork_child(void)
{
    struct cache *own = block_own();

    block_new_epoch();
    /* The others' blocks are taken again as if for the first time. */
    threads.free = 0;
    threads.used = BLOCK_FIRST;
    threads.kept = own != NULL ? own->index : 0;
    threads.attached = own != NULL;
    if (own != NULL)
        block_retag(own);
    account_page->threads_now = threads.attached;
    account_page->threads_peak = threads.attached;
    account_page->threads_beyond = 0;
}
