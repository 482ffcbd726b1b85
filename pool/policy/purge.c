/*
 * purge.c - see purge.h.
 */
#include "purge.h"

#include "account.h"
#include "cache.h"
#include "cache_budget.h"
#include "check.h"
#include "depot.h"
#include "idle_slab.h"
#include "os.h"
#include "purge_slab.h"
#include "settings.h"
#include "slab.h"

enum {
    TICK_BYTES = 32 << 20,        /* purged at most in one tick */
    GROWTH_IDLE_SHARE = 12,       /* idle at most this part of all */
    GROWTH_MIN_BYTES = 2 << 20,   /* how much growth is worth a look */
    GROWTH_KEEP_BYTES = 16 << 20, /* idle memory that is no burden */
    GROWTH_PURGE_BYTES = 4 << 20, /* two slabs' worth for one */
    WARM_WINDOWS = 3,             /* that decay leaves to a warm buffer */
};

static struct {
    _Atomic int64_t window_end_ns;
    _Atomic uint32_t cursor;  /* next slab to look at; UINT32_MAX: done */
    uint64_t growth_bytes;    /* grown by since the last look at idle memory */
    uint64_t reclaimed_bytes; /* depot bytes left by the last reclaim */
    uint64_t warm_bytes;      /* readied by warm-ups, */
    uint32_t warm_end;        /* and no burden before this window */
} purge = {.cursor = UINT32_MAX};

/*
 * Moves slots of a bin's depot to the slabs, by whole magazines and no more
 * than so many. Requires slab_lock.
 */
static void
drain(unsigned bin, uint32_t slots)
{
    struct magazine *magazine;

    while (slots > 0 && (magazine = depot_pop(bin)) != NULL) {
        if (magazine->rounds > slots) {
            depot_push(bin, magazine);
            break;
        }
        slots -= magazine->rounds;
        for (unsigned i = 0; i < magazine->rounds; i++)
            check_put_slab(bin, magazine->slot[i], false);
        magazine_free(magazine);
    }
}

/* The bin's depot first, then the one that holds the most. */
void
purge_drain(unsigned bin, size_t bytes)
{
    unsigned most = 0;

    drain(bin, (uint32_t)(bytes / bin_info[bin].slot_bytes));
    for (unsigned other = 1; other < BINS; other++) {
        if (depot_bytes(other) > depot_bytes(most))
            most = other;
    }
    if (most != bin)
        drain(most, (uint32_t)(bytes / bin_info[most].slot_bytes));
}

static void
drain_all(void)
{
    for (unsigned bin = 0; bin < BINS; bin++)
        drain(bin, UINT32_MAX);
}

static bool
worth_purging(const struct slab *slab, uint32_t age)
{
    return slab->assigned && !slab->purging && slab->warm_free > 0 &&
           slab_window - slab->stamp >= age;
}

/*
 * Purges slabs from the cursor on, up to a number of bytes; the cursor is
 * UINT32_MAX when all were seen. Requires slab_lock.
 */
static size_t
purge_some(size_t budget, uint32_t age)
{
    size_t bytes = 0;

    while (bytes < budget) {
        uint32_t number = region_next_used(purge.cursor);

        purge.cursor = number == UINT32_MAX ? number : number + 1;
        if (number == UINT32_MAX)
            break;
        if (worth_purging(slab_at(number), age))
            bytes += purge_slab(number);
        if (!lock_held_by_self(&slab_lock))
            break;
    }
    return bytes;
}

static void
next_window(void)
{
    __atomic_store_n(&slab_window, slab_window + 1, __ATOMIC_RELAXED);
}

static void
begin_window(void)
{
    next_window();
    for (unsigned bin = 0; bin < BINS; bin++)
        drain(bin, depot_window(bin));
    purge.cursor = 0;
    purge.reclaimed_bytes = 0;
}

/*
 * Nobody came by for a decay time: what the depots and slabs hold was not
 * needed meanwhile, and is as old as if there had been ticks.
 */
static void
begin_after_pause(void)
{
    begin_window();
    drain_all();
    next_window();
}

static void
purge_window(int64_t now_ns)
{
    int64_t end = atomic_load(&purge.window_end_ns);
    int64_t pause = (WINDOWS_PER_DECAY - 1) * settings.window_ns;

    if (now_ns >= end) {
        if (end != 0 && now_ns - end >= pause)
            begin_after_pause();
        else if (end != 0)
            begin_window();
        atomic_store(&purge.window_end_ns, now_ns + settings.window_ns);
    }
    if (purge.cursor != UINT32_MAX)
        (void)purge_some(TICK_BYTES, 1);
}

void
purge_tick(int64_t now_ns)
{
    if (settings.window_ns <= 0)
        return;
    if ((now_ns >=
             atomic_load_explicit(&purge.window_end_ns, memory_order_relaxed) ||
         purge.cursor != UINT32_MAX) &&
        !lock_held_by_self(&slab_lock) && lock_try(&slab_lock)) {
        purge_window(now_ns);
        lock_release(&slab_lock);
    }
}

static bool
warm_is_expected(void)
{
    return (int32_t)(purge.warm_end - slab_window) > 0;
}

uint64_t
purge_warm_bytes(void)
{
    return warm_is_expected() ? purge.warm_bytes : 0;
}

void
purge_expect_warm(uint64_t bytes)
{
    if (!warm_is_expected())
        purge.warm_bytes = 0;
    purge.warm_bytes += bytes;
    purge.warm_end = slab_window + WARM_WINDOWS;
}

/* True if so much idle memory is too much for the memory in use. */
static bool
excessive(uint64_t idle)
{
    uint64_t kept = GROWTH_KEEP_BYTES + purge_warm_bytes();

    return idle > kept && idle > slab_resident_bytes / GROWTH_IDLE_SHARE;
}

/* Returns idle pages of partly used slabs. */
static void
purge_between_slots(void)
{
    unsigned bin = idle_most();
    uint32_t left = warm_slabs[bin].count;
    size_t bytes = 0;

    while (left-- > 0 && bytes < GROWTH_PURGE_BYTES &&
           excessive(idle_slab_bytes())) {
        uint32_t number = idle_next_slab(bin);

        if (number == UINT32_MAX)
            break;
        bytes += purge_slab(number);
        if (!lock_held_by_self(&slab_lock))
            break;
    }
}

bool
purge_for_growth(bool slab_wanted)
{
    uint64_t depots = depot_bytes_all();

    purge.growth_bytes = 0;
    if (!excessive(depots + idle_slab_bytes()))
        return false;
    if (depots >= purge.reclaimed_bytes + GROWTH_MIN_BYTES) {
        drain_all();
        purge.reclaimed_bytes = depot_bytes_all();
    }
    if (slab_wanted && empty_slabs.count > 0)
        return true;
    if (settings.window_ns >= 0)
        purge_between_slots();
    return true;
}

void
purge_note_growth(uint64_t bytes)
{
    purge.growth_bytes += bytes;
    if (purge.growth_bytes >= GROWTH_MIN_BYTES)
        (void)purge_for_growth(false);
}

/* Bytes of idle slots in slabs, about. */
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

/* Is there more idle than the options allow, at a glance? */
static bool
over_bound(void)
{
    if (settings.window_ns == 0)
        return true;
    return settings.config.pool_max_bytes != 0 &&
           depot_bytes_all() + warm_bytes_all() > shared_limit();
}

/* bin: whose depot may be over; BINS: any. */
static void
hold_bound(unsigned bin)
{
    bool at_once = settings.window_ns == 0;

    if (lock_held_by_self(&slab_lock) || !lock_acquire_soon(&slab_lock))
        return;
    /* Memory between live slots does not count any more once it was tried. */
    if (at_once || depot_bytes_all() + idle_slab_bytes() > shared_limit()) {
        if (at_once && bin < BINS)
            drain(bin, UINT32_MAX);
        else
            drain_all();
        purge.cursor = 0;
        (void)purge_some(SIZE_MAX, 0);
    }
    lock_release(&slab_lock);
}

void
purge_bound(unsigned bin)
{
    if (unlikely(over_bound()))
        hold_bound(bin);
}

void
purge_collect(void)
{
    if (!lock_acquire_soon(&slab_lock))
        return;
    drain_all();
    lock_release(&slab_lock);
}

size_t
purge_space(void)
{
    size_t bytes;

    if (lock_held_by_self(&slab_lock) || !lock_acquire_soon(&slab_lock))
        return 0;
    drain_all();
    bytes = slab_unmap_idle();
    lock_release(&slab_lock);
    return bytes;
}

size_t
purge_all(void)
{
    uint64_t before;
    uint64_t after;

    if (lock_held_by_self(&slab_lock) || !lock_acquire_soon(&slab_lock))
        return 0;
    before = account_page->purged_bytes;
    drain_all();
    purge.cursor = 0;
    (void)purge_some(SIZE_MAX, 0);
    after = account_page->purged_bytes;
    lock_release(&slab_lock);
    /* A reset may have come in between. */
    return after > before ? (size_t)(after - before) : 0;
}
