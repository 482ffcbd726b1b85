/*
 * refill.c - see refill.h. The order is: depot, warm slots of the bin's
 * slabs, cold slots that the thread has, then new ones.
 */
#include "refill.h"

#include "account.h"
#include "check.h"
#include "growth.h"
#include "idle.h"
#include "os.h"
#include "page_trial.h"
#include "purge.h"
#include "settings.h"
#include "slab.h"

enum {
    HUGE_BIN_SLABS = 2,    /* huge pages only once a bin filled that many, */
    HUGE_TOTAL_SLABS = 24, /* and the pools as a whole this many */
    RUN_GROWTH = 4,        /* a run is so much longer than the one before, */
    RUN_MAX_FACTOR = 4,    /* up to this many usual runs */
};

static void *
pop_loaded(struct bin *bin)
{
    return *--bin->top;
}

static bool
load_from_depot(struct bin *bin, unsigned index)
{
    struct magazine *magazine = depot_pop(index);

    if (magazine == NULL)
        return false;

    struct magazine *empty = cache_loaded(bin);

    cache_load(bin, magazine);
    if (empty != NULL)
        magazine_free(empty);
    return true;
}

/* Takes the last slot of a magazine; the rest goes back to the depot. */
static void *
take_one(unsigned bin, struct magazine *magazine)
{
    void *slot = magazine->slot[--magazine->rounds];

    if (magazine->rounds > 0)
        depot_push(bin, magazine);
    else
        magazine_free(magazine);
    return slot;
}

/*
 * A bin that is hardly used takes one slot and no magazine. Otherwise the
 * magazine would keep the slot after its put, in every sleeping thread.
 */
static void *
take_single(unsigned index)
{
    struct magazine *magazine = depot_pop(index);
    struct magazine one;
    unsigned taken;

    if (magazine != NULL)
        return take_one(index, magazine);
    if (atomic_load_explicit(&slab_warm_count[index], memory_order_relaxed) ==
        0)
        return NULL;
    if (!lock_acquire_soon(&slab_lock))
        return NULL;
    taken = slab_take_warm(index, &one, 1);
    lock_release(&slab_lock);
    return taken > 0 ? one.slot[0] : NULL;
}

static bool
load_from_slab(struct bin *bin, unsigned index)
{
    struct magazine *magazine;
    unsigned taken = 0;

    if (atomic_load_explicit(&slab_warm_count[index], memory_order_relaxed) ==
        0)
        return false;
    magazine = cache_loaded(bin);
    if (magazine == NULL && (magazine = magazine_new()) == NULL)
        return false;
    if (lock_acquire_soon(&slab_lock)) {
        taken = slab_take_warm(index, magazine, bin->rounds);
        lock_release(&slab_lock);
    }
    magazine->rounds = (uint16_t)taken;
    cache_load(bin, magazine);
    return taken > 0;
}

static bool
want_huge(unsigned bin)
{
    return slab_assigned_count[bin] >= HUGE_BIN_SLABS &&
           slab_assigned_total >= HUGE_TOTAL_SLABS;
}

/* Takes cold slots of the bin's own slabs. Requires slab_lock. */
static unsigned
take_cold(unsigned bin, struct magazine *into, unsigned max)
{
    unsigned taken = slab_take_cold(bin, into, max);

    idle_note_growth((uint64_t)taken * bin_info[bin].slot_bytes);
    growth_note((uint64_t)taken * bin_info[bin].slot_bytes);
    return taken;
}

/* False: no memory, or the slab lock could not be had again. */
static bool
assign_slab(unsigned bin)
{
    uint32_t number = settings.config.thp == POOL_THP_AUTO
                          ? page_trial_assign(bin)
                          : growth_assign(bin, want_huge(bin));

    return number != UINT32_MAX;
}

unsigned
refill_take_new(unsigned bin, struct magazine *into, unsigned max)
{
    unsigned taken = take_cold(bin, into, max);

    if (taken > 0 || !lock_held_by_self(&slab_lock) || !assign_slab(bin))
        return taken;
    return take_cold(bin, into, max);
}

unsigned
refill_take_cold(unsigned bin, struct magazine *into, unsigned max)
{
    unsigned taken = take_cold(bin, into, max);

    if (taken > 0)
        return taken;
    if (growth_purge(true) && lock_held_by_self(&slab_lock) &&
        slab_adopt_empty(bin) != UINT32_MAX &&
        atomic_load_explicit(&slab_warm_count[bin], memory_order_relaxed) > 0)
        return 0;
    return lock_held_by_self(&slab_lock) ? refill_take_new(bin, into, max) : 0;
}

/*
 * A thread's runs grow as it uses them up: a thread that uses the band once
 * holds few slots, and a thread that fills memory takes the lock seldom.
 *
 * Pages are left to be faulted in by the program's own first touch. Making
 * those of a run present in one system call is cheaper for a page, but a
 * program that writes only the beginning of its buffers pays for, and keeps,
 * pages that it never uses: 643 MB and 480,000 faults instead of 167 MB and
 * 130,000 under a server-like mix of sizes.
 */
static struct magazine *
new_run(struct bin *bin, unsigned index)
{
    struct magazine *run = bin->cold;
    unsigned usual = bin_info[index].run_slots;
    unsigned used = run != NULL ? run->rounds : 0;
    unsigned max = used == 0 ? 1 : RUN_GROWTH * used;

    if (run == NULL && (run = magazine_new()) == NULL)
        return NULL;
    bin->cold = run;
    run->rounds = 0;
    run->taken = 0;
    if (max > RUN_MAX_FACTOR * usual)
        max = RUN_MAX_FACTOR * usual;
    if (max > MAGAZINE_ROUNDS)
        max = MAGAZINE_ROUNDS;
    if (lock_acquire_soon(&slab_lock)) {
        run->rounds = (uint16_t)refill_take_cold(index, run, max);
        lock_release(&slab_lock);
    }
    return run;
}

static struct refill
take_run(struct bin *bin, unsigned index)
{
    struct magazine *run = bin->cold;

    if (run == NULL || run->taken == run->rounds)
        run = new_run(bin, index);
    if (run == NULL || run->rounds == 0)
        return (struct refill){REFILL_NONE, false, NULL};
    run->taken++;
    return (struct refill){REFILL_COLD, run->zero,
                           run->slot[run->rounds - run->taken]};
}

/* A warm slot from the depot or the bin's slabs, or NULL. */
static void *
take_shared(struct bin *bin, unsigned index)
{
    if (bin->rounds == 0)
        return take_single(index);
    if (load_from_depot(bin, index) || load_from_slab(bin, index))
        return pop_loaded(bin);
    return NULL;
}

static struct refill
refill_bin(struct bin *bin, unsigned index)
{
    struct refill refill;
    void *slot;

    slot = take_shared(bin, index);
    if (slot != NULL)
        return (struct refill){REFILL_DEPOT, false, slot};
    refill = take_run(bin, index);
    if (refill.source != REFILL_NONE)
        return refill;
    /* The bin may have got a slab of another bin, with warm slots. */
    slot = take_shared(bin, index);
    if (slot != NULL)
        return (struct refill){REFILL_DEPOT, false, slot};
    return refill;
}

/*
 * If the system refuses memory, the slots in other bins' magazines go to their
 * slabs, which may then serve this bin; the magazines become free as well.
 */
struct refill
refill_cache(struct cache *cache, unsigned index)
{
    struct refill refill = refill_bin(&cache->bin[index], index);

    if (likely(refill.source != REFILL_NONE) || depot_bytes_all() == 0 ||
        lock_held_by_self(&slab_lock))
        return refill;
    purge_collect();
    return refill_bin(&cache->bin[index], index);
}

struct refill
refill_shared(unsigned bin)
{
    struct magazine *magazine = depot_pop(bin);
    struct refill refill = {REFILL_NONE, false, NULL};

    if (magazine != NULL) {
        refill.source = REFILL_DEPOT;
        refill.slot = take_one(bin, magazine);
        return refill;
    }
    magazine = magazine_new();
    if (magazine == NULL)
        return refill;
    if (slab_take_warm(bin, magazine, 1) > 0) {
        refill.source = REFILL_DEPOT;
    } else if (refill_take_cold(bin, magazine, 1) > 0) {
        refill.source = REFILL_COLD;
        refill.zero = magazine->zero;
        /* A run of fresh slots may be longer than asked for. */
        while (magazine->rounds > 1 && lock_held_by_self(&slab_lock))
            check_put_slab(bin, magazine->slot[--magazine->rounds], true);
    } else if (lock_held_by_self(&slab_lock) &&
               slab_take_warm(bin, magazine, 1) > 0) {
        refill.source = REFILL_DEPOT;
    }
    if (refill.source != REFILL_NONE)
        refill.slot = magazine->slot[0];
    magazine_free(magazine);
    return refill;
}
