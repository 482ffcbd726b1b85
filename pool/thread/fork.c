/*
 * fork.c - the pools before and after a fork.
 *
 * A fork copies memory while other threads still write. In the child, their
 * caches and the depots may be inconsistent, and slots that they had in hand
 * are lost. The child can rely on the data that the slab lock guards (slab
 * tables, the list of blocks), because prepare holds it; on the forking
 * thread's own cache, unless it is in the middle of an operation (fork.h); and
 * on each single state word.
 *
 * The child has a page of its own for counters at once. The other steps follow
 * when no operation is under way. If there were other threads, the child
 * empties the depots and marks every slot as free that its word does not show
 * as live and that its own cache does not hold. Blocks of other threads become
 * free. Counters start from zero, with the slots that are idle then as adopted.
 * A get of an operation that the fork interrupted counts for the parent; its
 * slot is inherited.
 */
#include "fork.h"

#include "account.h"
#include "block.h"
#include "cache.h"
#include "cache_budget.h"
#include "depot.h"
#include "os.h"
#include "sample.h"
#include "settings.h"
#include "slab.h"

_Atomic uintptr_t fork_pending;

enum { PREPARE_WAIT_NS = 1000 * 1000, PREPARE_TRIES = 20, PREPARE_LOST = 100 };

/* Were there other threads with caches at the last prepare? */
static bool among_others;

/*
 * Was the slab lock lost (lock.h) at the last prepare? The child then takes it
 * over and mends the tables that its holder was changing.
 */
static bool lock_was_lost;

/*
 * True once the slab lock did not change hands during PREPARE_LOST prepares in
 * a row, between which the callers released their own locks.
 */
static bool
is_lost(void)
{
    static _Atomic uint32_t seen_turn, seen_calls;
    uint32_t turn =
        atomic_load_explicit(&slab_lock.turns, memory_order_relaxed);

    if (atomic_exchange(&seen_turn, turn) != turn)
        atomic_store(&seen_calls, 0);
    if (atomic_fetch_add(&seen_calls, 1) + 1 >= PREPARE_LOST)
        atomic_store(&slab_lock.lost, 1);
    return atomic_load(&slab_lock.lost);
}

/* A handler that interrupted the lock's holder holds the lock as well. */
static bool
acquire(void)
{
    lock_was_lost = false;
    if (lock_held_by_self(&slab_lock)) {
        lock_acquire(&slab_lock);
        return true;
    }
    if (lock_acquire_within(&slab_lock, PREPARE_WAIT_NS, PREPARE_TRIES))
        return true;
    lock_was_lost = is_lost();
    return lock_was_lost;
}

bool
fork_prepare(void)
{
    if (!acquire())
        return false;
    atomic_store(&slab_lock.forks, 1);
    among_others = lock_was_lost || block_others();
    return true;
}

void
fork_parent(void)
{
    atomic_store(&slab_lock.forks, 0);
    lock_release(&slab_lock);
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

/* The place of a slot below fresh: out of its slab, or warm or cold in it. */
enum place { PLACE_OUT, PLACE_WARM, PLACE_COLD };

static enum place
slot_place(const struct slab *slab, unsigned slot, uint32_t word)
{
    uint64_t warm = slab->warm[slot / 64] >> (slot % 64) & 1;
    uint64_t cold = slab->cold[slot / 64] >> (slot % 64) & 1;

    if (word >> STATE_TAG_SHIFT != 0 || (word & STATE_CACHED))
        return PLACE_OUT;
    if (cold || (word & STATE_LOST))
        return PLACE_COLD;
    if (!state_was_freed(word) && (!warm || slab->purging))
        return PLACE_COLD;
    return PLACE_WARM;
}

/* The slot's state word, after the effects of a purge that was cut off. */
static uint32_t *
slot_word(const struct slab *slab, const char *slot)
{
    uint32_t *state = region_state(slot);

    if (slab->purging && state_was_freed(*state))
        *state |= STATE_LOST;
    /* The purge of an empty slab returns the state words as well. */
    if (*state == STATE_NONE)
        *state = state_fresh(slab->bin);
    return state;
}

/* Puts a slot that is in its slab into the maps, and sets STATE_SLAB. */
static void
place_slot(struct slab *slab, unsigned slot, uint32_t *state)
{
    enum place place = slot_place(slab, slot, *state);
    uint64_t bit = (uint64_t)1 << (slot % 64);

    slab->warm[slot / 64] &= ~bit;
    slab->cold[slot / 64] &= ~bit;
    if (place == PLACE_WARM) {
        slab->warm[slot / 64] |= bit;
        slab->warm_free++;
    } else if (place == PLACE_COLD) {
        slab->cold[slot / 64] |= bit;
        slab->cold_free++;
    }
    if (place != PLACE_OUT)
        *state |= STATE_SLAB;
}

/* Rebuilds the maps of a slab from its state words. */
static void
rebuild_slab(uint32_t number)
{
    struct slab *slab = slab_at(number);
    unsigned bin = slab->bin;

    slab_unsort(number);
    slab->warm_free = 0;
    slab->cold_free = 0;
    slab_set_pinned(slab, 0);
    for (unsigned slot = 0; slot < slab->fresh; slot++) {
        uint32_t *state = slot_word(slab, slab_slot_start(number, bin, slot));

        place_slot(slab, slot, state);
    }
    slab->purging = 0;
    atomic_fetch_add(&slab_warm_count[bin], slab->warm_free);
    slab_resident_bytes +=
        (uint64_t)(slab->fresh - slab->cold_free) * bin_info[bin].slot_bytes;
    slab_sort(number);
}

static void
rebuild_slabs(void)
{
    uint32_t number;

    for (unsigned bin = 0; bin < BINS; bin++)
        atomic_store(&slab_warm_count[bin], 0);
    slab_resident_bytes = 0;
    for (number = region_next_used(0); number != UINT32_MAX;
         number = region_next_used(number + 1))
        rebuild_slab(number);
}

/* Requires slab_lock. */
static void
rebuild(struct cache *own)
{
    struct magazine *keep[2 * BINS];
    unsigned count = 0;

    if (own != NULL) {
        flag_cached(own, true);
        count = keep_magazines(own, keep);
    }
    rebuild_slabs();
    if (own != NULL)
        flag_cached(own, false);
    depot_reset(keep, count);
}

/* Was another thread, with a cache or without, in the middle of a purge? */
static bool
purge_was_cut_off(void)
{
    uint32_t number = region_next_used(0);

    while (number != UINT32_MAX && !slab_at(number)->purging)
        number = region_next_used(number + 1);
    return number != UINT32_MAX;
}

/*
 * Counters start from zero. Idle slots are counted anew, because a page that is
 * shared with the parent shows the state of some time after the fork.
 */
static void
restart_counters(const struct cache *own)
{
    account_restart(own != NULL ? cache_block(own) : NULL);
    account_page->blocks_used = blocks_used();
    for (unsigned index = 0; index < BINS; index++) {
        uint64_t idle =
            atomic_load(&slab_warm_count[index]) + depot_slots(index);

        if (own != NULL)
            idle += (uint64_t)(own->bin[index].top - own->bin[index].base);
        account_page->adopted[index] = (int64_t)idle;
    }
}

static void
restart_cache(struct cache *own)
{
    sample_restart(own);
    for (unsigned index = 0; index < BINS; index++) {
        own->bin[index].activity = 0;
        cache_set_low(own, index);
    }
}

/* Requires slab_lock. */
static void
finish(void)
{
    struct cache *own = block_own();

    block_fork_child();
    if (!settings.active)
        return;
    if (lock_was_lost)
        slab_recover();
    if (among_others || purge_was_cut_off())
        rebuild(own);
    cache_forget_others(own);
    restart_counters(own);
    if (own != NULL)
        restart_cache(own);
}

void
fork_finish(void)
{
    struct cache *self = cache_self;

    /* Once more if a handler forked meanwhile. */
    while (atomic_load(&fork_pending) == lock_self()) {
        cache_enter();
        lock_acquire(&slab_lock);
        finish();
        atomic_store(&fork_pending, 0);
        lock_release(&slab_lock);
        cache_set_self(settings.active ? self : &cache_dead);
        compiler_barrier();
        cache_operation.frame = NULL;
    }
}

/*
 * Two processes must not count in the same words, because caches rely on their
 * counters. A child without a page of its own gets nothing from the pools; it
 * only puts buffers that it inherited.
 */
static void
abandon(void)
{
    account_leave("no memory for a forked child's statistics");
    settings.active = false;
}

/* The work that cannot wait for the end of an operation. */
static void
begin(void)
{
    if (!cache_area_unshare()) {
        abandon();
        return;
    }
    block_clear_others();
    if (among_others)
        depot_forget();
    /* The handler may write a report. fork_finish restarts them once more. */
    if (cache_self == &cache_busy)
        restart_counters(block_own());
}

void
fork_child(void)
{
    atomic_store(&slab_lock.forks, 0);
    if (lock_was_lost)
        lock_take_over(&slab_lock);
    begin();
    atomic_store(&fork_pending, lock_self());
    if (cache_self != &cache_busy)
        fork_finish();
    lock_release(&slab_lock);
}
