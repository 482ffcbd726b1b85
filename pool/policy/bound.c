/*
 * bound.c - see bound.h.
 */
#include "bound.h"

#include "cache_budget.h"
#include "depot.h"
#include "drain.h"
#include "idle_slab.h"
#include "lock.h"
#include "purge_slab.h"
#include "settings.h"
#include "slab.h"

enum {
    DRAIN_BYTES = 128 << 10,
    SPARE_SHARE = 8, /* idle memory is brought below the bound by this part */
};

/* Approximate bytes of idle slots in slabs. */
static uint64_t
warm_bytes_all(void)
{
    uint64_t bytes = 0;

    for (unsigned bin = 0; bin < BINS; bin++)
        bytes += (uint64_t)atomic_load_explicit(&slab_warm_count[bin],
                                                memory_order_relaxed) *
                 bin_info[bin].slot_bytes;
    return bytes;
}

/*
 * The part of pool_max for depots and slabs: the caches' bound is subtracted.
 */
static uint64_t
shared_limit(void)
{
    uint64_t limit = settings.config.pool_max_bytes;
    uint64_t caches = cache_granted_bytes();

    return limit > caches ? limit - caches : 0;
}

/* Is more memory idle than the options allow? Reads without the lock. */
static bool
is_over_about(void)
{
    if (settings.window_ns == 0)
        return true;
    return settings.config.pool_max_bytes != 0 &&
           depot_bytes_all() + warm_bytes_all() > shared_limit();
}

/*
 * Is more memory idle than limit? Pages between live slots that a purge could
 * not return do not count.
 */
static bool
is_over(uint64_t limit)
{
    return depot_bytes_all() + idle_slab_bytes() > limit;
}

/*
 * Returns some idle memory to the system. False: nothing more can be returned,
 * or the system refuses.
 */
static bool
return_piece(void)
{
    uint64_t idle = idle_slab_bytes();
    struct idle_wish any = {1, UINT32_MAX, 0};
    uint32_t number = idle_next_piece(any);

    if (number == UINT32_MAX)
        return false;
    (void)purge_slab_piece(number, purge_piece());
    return lock_held_by_self(&slab_lock) &&
           (idle_slab_bytes() < idle || !slab_at(number)->assigned);
}

/* Moves slots from depots to slabs. Returns their number. */
static uint32_t
drain_piece(unsigned bin)
{
    return bin < BINS ? drain_some(bin, DRAIN_BYTES)
                      : drain_fullest(DRAIN_BYTES);
}

static void
hold_pool_max(unsigned bin)
{
    uint64_t limit = shared_limit();

    if (!is_over(limit))
        return;
    while (is_over(limit - limit / SPARE_SHARE)) {
        bool moved = drain_piece(bin) > 0;

        if (!return_piece() && !moved)
            break;
        if (!lock_held_by_self(&slab_lock))
            break;
    }
}

/* Returns the idle pages of slabs that just got slots back. */
static void
purge_touched(const struct drain_touched *touched)
{
    for (unsigned i = 0; i < touched->count; i++) {
        const struct slab *slab = slab_at(touched->slab[i]);

        if (!lock_held_by_self(&slab_lock))
            return;
        if (slab->assigned && !slab->purging && slab->warm_free > slab->pinned)
            (void)purge_slab(touched->slab[i]);
    }
}

static void
return_at_once(unsigned bin)
{
    struct drain_touched touched;

    if (bin == BINS)
        (void)drain_all();
    else
        while (lock_held_by_self(&slab_lock) && drain_one(bin, &touched))
            purge_touched(&touched);
    while (lock_held_by_self(&slab_lock) && idle_slab_bytes() > 0) {
        if (!return_piece())
            break;
    }
}

void
bound_hold(unsigned bin)
{
    if (likely(!is_over_about()) || lock_held_by_self(&slab_lock) ||
        !lock_acquire_soon(&slab_lock))
        return;
    if (settings.window_ns == 0)
        return_at_once(bin);
    else
        hold_pool_max(bin);
    lock_release(&slab_lock);
}
