/*
 * purge_slab.c - returning the idle pages of one slab.
 */
#include "purge_slab.h"

#include "account.h"
#include "cache.h"
#include "os.h"
#include "slab.h"

enum { RUN_MIN_PAGES = 4, PIECE_PAGES = 128, PIECE_CALLS = 16 };

static bool
marked(const uint64_t map[], unsigned slot)
{
    return map[slot / 64] >> (slot % 64) & 1;
}

static bool
slot_free(const struct slab *slab, unsigned slot)
{
    return slot >= slab->fresh || marked(slab->warm, slot) ||
           marked(slab->cold, slot);
}

/*
 * Marks the warm slots of [from, to) that lost pages as cold and counts them
 * as discards. Requires slab_lock and that the slab is being purged.
 */
static unsigned
mark_cold(uint32_t number, unsigned from, unsigned to, const char *start,
          const char *end)
{
    struct slab *slab = slab_at(number);
    uint32_t stride = bin_info[slab->bin].stride;
    unsigned count = 0;

    for (unsigned slot = from; slot < to && slot < slab->fresh; slot++) {
        const char *at = slab_slot_start(number, slab->bin, slot);

        if (!marked(slab->warm, slot) || at >= end || at + stride <= start)
            continue;
        slab->warm[slot / 64] &= ~((uint64_t)1 << (slot % 64));
        slab->cold[slot / 64] |= (uint64_t)1 << (slot % 64);
        /* The slot, wherever it is, no longer holds check_fill's pattern. */
        if (state_was_freed(*region_state(at)))
            *region_state(at) |= STATE_LOST;
        count++;
    }
    slab->warm_free = (uint16_t)(slab->warm_free - count);
    slab->cold_free = (uint16_t)(slab->cold_free + count);
    /* Others look at the counts while this purge is at its next run. */
    if (slab->pinned > slab->warm_free)
        slab_set_pinned(slab, slab->warm_free);
    atomic_fetch_sub_explicit(&slab_warm_count[slab->bin], count,
                              memory_order_relaxed);
    slab_resident_bytes -= (uint64_t)count * bin_info[slab->bin].slot_bytes;
    return count;
}

/*
 * Marks the contents of the free slots of [from, to) as lost: a purge that
 * failed may have returned some of their pages.
 */
static void
mark_lost(uint32_t number, unsigned from, unsigned to)
{
    const struct slab *slab = slab_at(number);

    for (unsigned slot = from; slot < to && slot < slab->fresh; slot++) {
        uint32_t *state =
            region_state(slab_slot_start(number, slab->bin, slot));

        if (state_was_freed(*state))
            *state |= STATE_LOST;
    }
}

/* The first slot from slot on that is not free. */
static unsigned
run_end(const struct slab *slab, unsigned slot)
{
    while (slot < bin_info[slab->bin].slots && slot_free(slab, slot))
        slot++;
    return slot;
}

/* The first slot from slot on that is warm. */
static unsigned
first_warm(const struct slab *slab, unsigned slot)
{
    while (slot < slab->fresh && !marked(slab->warm, slot))
        slot++;
    return slot;
}

/*
 * The first page of a free run that may be returned: the page of its first slot
 * if all slots before it that reach into the page are cold (there may be two
 * small ones), otherwise the next page.
 */
static char *
run_start(uint32_t number, unsigned from)
{
    const struct slab *slab = slab_at(number);
    char *low = slab_slot_start(number, slab->bin, from);
    char *page = (char *)align_down((uintptr_t)low, os_page_bytes());

    if (from == 0)
        return region_slab_start(number);
    for (unsigned slot = from; slot > 0; slot--) {
        if (slab_slot_start(number, slab->bin, slot) <= page)
            break;
        if (!marked(slab->cold, slot - 1))
            return (char *)align_up((uintptr_t)low, os_page_bytes());
    }
    return page;
}

/*
 * Returns the whole pages of the free run [from, to) of a slab. Returns the
 * bytes of slots that lost pages; other parts of the run were returned before.
 */
static size_t
purge_run(uint32_t number, unsigned from, unsigned to, size_t least)
{
    struct slab *slab = slab_at(number);
    char *high = to == bin_info[slab->bin].slots
                     ? region_slab_start(number) + region_used_bytes()
                     : slab_slot_start(number, slab->bin, to);
    char *start = run_start(number, from);
    char *end = (char *)align_down((uintptr_t)high, os_page_bytes());

    if (end <= start || (size_t)(end - start) < least)
        return 0;

    lock_release(&slab_lock);
    bool purged = os_purge(start, (size_t)(end - start));
    if (!lock_acquire_soon(&slab_lock))
        return 0;
    if (!purged) {
        mark_lost(number, from, to);
        return 0;
    }

    unsigned count = mark_cold(number, from, to, start, end);

    account_discards(slab->bin, count);
    return (size_t)count * bin_info[slab->bin].slot_bytes;
}

/* Cuts the run to about bytes, but to no less than RUN_MIN_PAGES pages. */
static unsigned
cut_run(const struct slab *slab, unsigned from, unsigned to, size_t bytes)
{
    uint32_t slot_bytes = bin_info[slab->bin].slot_bytes;
    size_t least = RUN_MIN_PAGES * os_page_bytes();
    size_t slots = (bytes > least ? bytes : least) / slot_bytes;

    return to - from > slots + 1 ? from + (unsigned)slots + 1 : to;
}

/* Returns the pages behind the last slot given out, of a huge page. */
static void
purge_ahead(uint32_t number)
{
    struct slab *slab = slab_at(number);
    char *end = region_slab_start(number) + region_used_bytes();
    char *start = (char *)align_up(
        (uintptr_t)slab_slot_start(number, slab->bin, slab->fresh),
        os_page_bytes());

    slab->ahead = 0;
    if (start >= end)
        return;
    lock_release(&slab_lock);
    (void)os_purge(start, (size_t)(end - start));
    (void)lock_acquire_soon(&slab_lock);
}

/*
 * Returns pages between slots in use, up to the limit's bytes and system calls.
 * *all: the whole slab was looked at.
 */
static size_t
purge_partly(uint32_t number, struct purge_limit limit, bool *all)
{
    struct slab *slab = slab_at(number);
    unsigned from = first_warm(slab, 0);
    size_t bytes = 0;

    while (from < slab->fresh && bytes < limit.bytes && limit.calls > 0 &&
           lock_held_by_self(&slab_lock)) {
        unsigned to =
            cut_run(slab, from, run_end(slab, from), limit.bytes - bytes);

        size_t run = purge_run(number, from, to, limit.least);

        bytes += run;
        limit.calls -= run > 0;
        from = first_warm(slab, to);
    }
    *all = from >= slab->fresh;
    if (*all && slab->ahead && lock_held_by_self(&slab_lock))
        purge_ahead(number);
    return bytes;
}

/*
 * Returns an empty slab's pages, and those of its state words, which no other
 * slab shares. *states: the latter were returned.
 */
static bool
purge_whole(uint32_t number, bool *states)
{
    if (!region_purge(number))
        return false;
    *states =
        os_purge(region_state(region_slab_start(number)), STATE_TABLE_BYTES);
    return true;
}

void
purge_slab_restore(void)
{
    uint32_t number = cache_operation.purged - 1;

    if (cache_operation.purged == 0)
        return;
    cache_operation.purged = 0;
    if (!slab_at(number)->purging)
        return;
    mark_lost(number, 0, slab_at(number)->fresh);
    slab_at(number)->purging = 0;
    slab_sort(number);
}

/* Puts the slab, which was in no set during the system call, into its sets. */
static size_t
end_whole(uint32_t number, bool purged, bool states)
{
    struct slab *slab = slab_at(number);
    size_t bytes = (size_t)slab->warm_free * bin_info[slab->bin].slot_bytes;

    slab->purging = 0;
    if (purged) {
        account_discards(slab->bin, slab->warm_free);
        slab_make_clean(number, states);
        return bytes;
    }
    mark_lost(number, 0, slab->fresh);
    slab->stamp = slab_window;
    slab_sort(number);
    return 0;
}

static size_t
purge_empty(uint32_t number)
{
    bool states = false;
    bool purged;

    lock_release(&slab_lock);
    purged = purge_whole(number, &states);
    return lock_acquire_soon(&slab_lock) ? end_whole(number, purged, states)
                                         : 0;
}

static size_t
purge_used(uint32_t number, struct purge_limit limit)
{
    struct slab *slab = slab_at(number);
    bool all;
    size_t bytes = purge_partly(number, limit, &all);

    if (!lock_held_by_self(&slab_lock))
        return 0;
    slab->purging = 0;
    if (all) {
        slab->stamp = slab_window;
        slab_set_pinned(slab, slab->warm_free);
    }
    slab_sort(number);
    return bytes;
}

size_t
purge_slab_piece(uint32_t number, struct purge_limit limit)
{
    struct slab *slab = slab_at(number);
    bool whole = slab_out(slab) == 0;
    size_t bytes;

    purge_slab_restore();
    slab_unsort(number);
    cache_operation.purged = number + 1;
    slab->purging = 1;
    bytes = whole ? purge_empty(number) : purge_used(number, limit);
    if (lock_held_by_self(&slab_lock))
        cache_operation.purged = 0;
    return bytes;
}

struct purge_limit
purge_piece(void)
{
    return (struct purge_limit){PIECE_PAGES * os_page_bytes(), PIECE_CALLS, 0};
}

size_t
purge_slab(uint32_t number)
{
    return purge_slab_piece(number,
                            (struct purge_limit){SIZE_MAX, SIZE_MAX, 0});
}
