/*
 * growth.c - see growth.h.
 */
#include "growth.h"

#include "depot.h"
#include "drain.h"
#include "idle_slab.h"
#include "lock.h"
#include "purge_slab.h"
#include "settings.h"
#include "slab.h"

enum {
    IDLE_SHARE = 12,       /* idle memory may be this part of resident memory */
    MIN_BYTES = 2 << 20,   /* growth between two looks at idle memory */
    KEEP_BYTES = 16 << 20, /* idle memory that may always stay */
    DRAIN_BYTES = 4 << 20, /* two slabs' worth for each slab of growth */
    PURGE_BYTES = 4 << 20,
    PURGE_LEAST = 8 << 10, /* worth a system call, and a page fault later */
    WARM_WINDOWS = 3,      /* windows that decay leaves to a warm buffer */
};

static struct {
    uint64_t bytes;      /* growth since the last look at idle memory */
    uint64_t warm_bytes; /* made ready by warm-ups, and not counted as idle */
    uint32_t warm_end;   /* until this window */
} growth;

static bool
warm_is_expected(void)
{
    return (int32_t)(growth.warm_end - slab_window) > 0;
}

uint64_t
growth_warm_bytes(void)
{
    return warm_is_expected() ? growth.warm_bytes : 0;
}

void
growth_expect_warm(uint64_t bytes)
{
    if (!warm_is_expected())
        growth.warm_bytes = 0;
    growth.warm_bytes += bytes;
    growth.warm_end = slab_window + WARM_WINDOWS;
}

/* True if that is too much idle memory for the memory in use. */
static bool
excessive(uint64_t idle)
{
    uint64_t kept = KEEP_BYTES + growth_warm_bytes();

    return idle > kept && idle > slab_resident_bytes / IDLE_SHARE;
}

/* Returns idle pages of partly used slabs. */
static void
purge_between_slots(void)
{
    unsigned bin = idle_most();
    uint32_t left = warm_slabs[bin].count;
    struct purge_limit limit = {PURGE_BYTES, SIZE_MAX, PURGE_LEAST};
    struct idle_wish wish = {IDLE_WORTH_BYTES, UINT32_MAX, 0};
    size_t bytes = 0;

    if (settings.config.pool_max_bytes > 0)
        limit.least = 0;
    while (left-- > 0 && bytes < PURGE_BYTES && excessive(idle_slab_bytes())) {
        uint32_t number = idle_next_slab(bin, wish);

        if (number == UINT32_MAX)
            break;
        bytes += purge_slab_piece(number, limit);
        if (!lock_held_by_self(&slab_lock))
            break;
    }
}

bool
growth_purge(bool slab_wanted)
{
    uint64_t depots = depot_bytes_all();

    growth.bytes = 0;
    if (!excessive(depots + idle_slab_bytes()))
        return false;
    if (depots >= MIN_BYTES)
        drain_fullest(DRAIN_BYTES);
    if (slab_wanted && empty_slabs.count > 0)
        return true;
    if (settings.window_ns >= 0)
        purge_between_slots();
    return true;
}

void
growth_note(uint64_t bytes)
{
    growth.bytes += bytes;
    if (growth.bytes >= MIN_BYTES)
        (void)growth_purge(false);
}

/*
 * Purges an empty slab, which makes it clean; one that lost pages already is
 * preferred. False: there is none, or the lock was lost.
 */
static bool
clean_one_empty(void)
{
    uint32_t number = slab_set_next(&partly_cold_slabs, 0);

    if (number == UINT32_MAX)
        number = slab_set_next(&empty_slabs, 0);
    if (number == UINT32_MAX)
        return false;
    (void)purge_slab(number);
    return lock_held_by_self(&slab_lock);
}

uint32_t
growth_assign(unsigned bin, bool huge)
{
    uint32_t number;

    if (slab_has_too_many_empty(huge) && !clean_one_empty())
        return UINT32_MAX;
    number = slab_assign_clean(bin, huge);
    if (number == UINT32_MAX && clean_one_empty())
        number = slab_assign_clean(bin, huge);
    return number;
}
