/*
 * fork.c - what a fork needs.
 *
 * A fork copies memory while other threads still write: their caches and
 * the depots may be torn in the child. What can be trusted there is the
 * forking thread's own cache, the slab tables (the slab lock was held) and
 * every state word for itself. So the child, if there were other threads,
 * forgets the depots and marks every slot free whose word says that the
 * program does not have it and that its own cache does not hold. If the fork
 * came from a signal handler that interrupted an operation of the pool, this
 * waits for the operation's end.
 */
#include "fork.h"

#include "account.h"
#include "cache.h"
#include "depot.h"
#include "os.h"
#include "pool.h"
#include "settings.h"
#include "slab.h"
#include "thread.h"

bool fork_pending;
bool fork_page_shared;

enum { PREPARE_WAIT_NS = 1000 * 1000, PREPARE_TRIES = 20 };

/* Forks from handlers that interrupted a holder; guarded by slab_lock. */
static unsigned nested;

bool
pool_fork_prepare(void)
{
    if (!settings.active)
        return true;
    if (lock_held_by_self(&slab_lock)) {
        nested++;
        return true;
    }
    return lock_acquire_within(&slab_lock, PREPARE_WAIT_NS, PREPARE_TRIES);
}

static void
release(void)
{
    if (nested > 0)
        nested--;
    else
        lock_release(&slab_lock);
}

void
pool_fork_parent(void)
{
    if (settings.active)
        release();
}

static void
flag_slots(void *const slot[], unsigned count, bool cached)
{
    for (unsigned i = 0; i < count; i++) {
        uint32_t *state = region_state(slot[i]);

        *state = cached ? *state | STATE_CACHED : *state & ~STATE_CACHED;
    }
}

/* Sets or clears STATE_CACHED for all that the cache holds. */
static void
flag_cached(const struct cache *cache, bool cached)
{
    for (unsigned index = 0; index < BINS; index++) {
        const struct bin *bin = &cache->bin[index];
        const struct magazine *run = bin->cold;

        flag_slots(bin->base, (unsigned)(bin->top - bin->base), cached);
        if (run != NULL)
            flag_slots(run->slot, run->rounds - run->taken, cached);
    }
}

static unsigned
keep_magazines(const struct cache *cache, struct magazine *keep[])
{
    unsigned count = 0;

    for (unsigned index = 0; index < BINS; index++) {
        const struct bin *bin = &cache->bin[index];

        if (bin->base != NULL)
            keep[count++] = cache_loaded(bin);
        if (bin->cold != NULL)
            keep[count++] = bin->cold;
    }
    return count;
}

/* The maps of a slab, from its state words. */
static void
rebuild_slab(uint32_t number)
{
    struct slab *slab = slab_at(number);
    unsigned bin = slab->bin;
    bool purging = slab->purging;

    slab_unsort(number);
    slab->purging = 0;
    slab->warm_free = 0;
    slab->cold_free = 0;
    slab_set_stuck(slab, 0);
    for (unsigned slot = 0; slot < slab->fresh; slot++) {
        const char *start = slab_slot_start(number, bin, slot);
        uint32_t *state = region_state(start);
        /* A purge that the fork cut off may have come here already. */
        uint32_t word =
            purging && *state == STATE_FREED ? (*state |= STATE_LOST) : *state;
        uint64_t bit = (uint64_t)1 << (slot % 64);
        bool out = word >> STATE_TAG_SHIFT != 0 || (word & STATE_CACHED);
        bool cold = slab->cold[slot / 64] & bit || word & STATE_LOST ||
                    (word == STATE_NEVER && !(slab->warm[slot / 64] & bit));

        slab->warm[slot / 64] &= ~bit;
        slab->cold[slot / 64] &= ~bit;
        if (out)
            continue;
        if (cold) {
            slab->cold[slot / 64] |= bit;
            slab->cold_free++;
        } else {
            slab->warm[slot / 64] |= bit;
            slab->warm_free++;
        }
    }
    atomic_fetch_add(&slab_warm_count[bin], slab->warm_free);
    slab_resident_bytes +=
        (uint64_t)(slab->fresh - slab->cold_free) * bin_info[bin].slot_bytes;
    slab_sort(number);
}

static void
rebuild_slabs(void)
{
    for (unsigned bin = 0; bin < BINS; bin++)
        atomic_store(&slab_warm_count[bin], 0);
    slab_resident_bytes = 0;
    for (uint32_t number = 0; number < region.slabs; number++) {
        if (number == region.low)
            number = region.high;
        if (number < region.slabs && region_slab_bin[number] != 0)
            rebuild_slab(number);
    }
}

/* What is idle now is where the child's counting starts from. */
static void
count_idle(const struct cache *cache)
{
    for (unsigned index = 0; index < BINS; index++) {
        int64_t idle = atomic_load(&slab_warm_count[index]);

        if (cache != NULL) {
            const struct bin *bin = &cache->bin[index];

            idle += bin->top - bin->base;
        }
        account_page->adopted[index] = idle;
    }
}

/* Requires slab_lock. */
static void
rebuild(void)
{
    struct cache *cache = thread_own();
    struct magazine *keep[2 * BINS];
    unsigned count = 0;

    fork_pending = false;
    if (cache != NULL) {
        flag_cached(cache, true);
        count = keep_magazines(cache, keep);
    }
    rebuild_slabs();
    if (cache != NULL)
        flag_cached(cache, false);
    depot_reset(keep, count);
    count_idle(cache);
}

void
fork_finish(void)
{
    lock_acquire(&slab_lock);
    if (fork_pending)
        rebuild();
    lock_release(&slab_lock);
}

/*
 * Counters start from zero. The page may still be shared with the parent,
 * which must not see what the child does. False: it can not be had apart.
 */
static bool
unshare_page(void)
{
    static char header[PAGE_HEADER_BYTES];
    struct stats_header *page = account_page;
    int64_t idle[BINS];

    if (!fork_page_shared)
        return true;
    for (unsigned bin = 0; bin < BINS; bin++)
        idle[bin] = account_idle(bin);
    __builtin_memcpy(header, page, sizeof(header));
    if (!os_map_private(page, pool_page_bytes()))
        return false;
    fork_page_shared = false;
    __builtin_memcpy(page, header, sizeof(header));
    /* The blocks read as zero: what they made of idle goes elsewhere. */
    for (unsigned bin = 0; bin < BINS; bin++) {
        page->adopted[bin] = idle[bin] + (int64_t)page->discards[bin] -
                             (int64_t)page->warmups[bin];
    }
    return true;
}

/*
 * Two processes must not count in the same words, which caches rely on. A
 * child without counters of its own does without the pools, and puts what it
 * inherited.
 */
static void
abandon(void)
{
    account_leave("no memory for a forked child's statistics");
    settings.active = false;
    cache_self = &cache_dead;
    release();
}

static void
restart_cache(struct cache *cache)
{
    cache_block(cache)->in_use = 1;
    for (unsigned index = 0; index < BINS; index++) {
        cache->bin[index].activity = 0;
        cache_set_low(cache, index);
    }
}

void
pool_fork_child(void)
{
    struct cache *cache = thread_own();
    bool others = thread_others();

    if (!settings.active) {
        account_reset();
        return;
    }
    if (!unshare_page()) {
        abandon();
        return;
    }
    account_reset();
    account_page->series_lock = 0;
    thread_fork_child();
    if (cache != NULL)
        restart_cache(cache);
    if (others) {
        fork_pending = nested > 0 || cache_self == &cache_busy;
        if (!fork_pending)
            rebuild();
    }
    release();
}
