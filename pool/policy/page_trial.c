/*
 * page_trial.c - see page_trial.h.
 */
#include "page_trial.h"

#include <time.h>

#include "cache.h"
#include "growth.h"
#include "os.h"
#include "page_size.h"
#include "purge_slab.h"
#include "slab.h"

enum {
    TRIAL_GROUPS = 4, /* of small pages; the cheapest group is their cost */
    TRIAL_PAGES = 8,  /* of a group, which are touched */
    SLAB_PAGES = SLAB_BYTES / SMALL_PAGE_BYTES,
    DENSE_PAGES = SLAB_PAGES / 8 * 7,
    UNFILLED_SHARE = 8,  /* of the pools' memory */
    FILL_LOOK_FIRST = 4, /* slabs */
    FILL_LOOK_LAST = 64,
    LOW_SLABS = 2048, /* two are a mapping; the system gives 65,530 of them */
};

/* How a bin fills its slabs, as observed. Numbers are plus 1, 0: none. */
struct fill {
    uint32_t small;    /* a small slab whose pages will be looked at */
    uint32_t huge;     /* the bin's last huge slab */
    bool dense;        /* it filled its pages at the last look */
    uint32_t left;     /* slabs until the next look */
    uint32_t distance; /* of looks */
};

static struct {
    struct page_size size;
    struct fill fill[BINS];
    uint32_t timed; /* number + 1 of the slab whose pages were touched last */
    uint32_t rest;  /* number + 1 of the other slab of the last huge page */
} trial;

/* A copy of trial.size.huge for readers without the lock. */
static _Atomic bool prefers_huge;

bool
page_trial_prefers_huge(void)
{
    return atomic_load_explicit(&prefers_huge, memory_order_relaxed);
}

static size_t
unfilled_bytes(unsigned bin)
{
    uint32_t number = trial.fill[bin].huge - 1;

    if (trial.fill[bin].huge == 0)
        return 0;

    const struct slab *slab = slab_at(number);

    return slab->assigned && slab->bin == bin
               ? (size_t)(bin_info[bin].slots - slab->fresh) *
                     bin_info[bin].slot_bytes
               : 0;
}

/*
 * Does another thread touch a slab's pages? If many threads did so at once for
 * one bin, all slabs but one would stay unfilled.
 */
static bool
is_busy(void)
{
    return trial.timed != 0 && slab_at(trial.timed - 1)->purging;
}

/* Is the waste, with that of one more huge page, a small part of the memory? */
static bool
can_waste(void)
{
    size_t bytes = HUGE_PAGE_BYTES;

    if (slab_resident_bytes / UNFILLED_SHARE < bytes)
        return false;
    for (unsigned bin = 0; bin < BINS; bin++)
        bytes += unfilled_bytes(bin);
    return bytes <= slab_resident_bytes / UNFILLED_SHARE;
}

/* Were all slots of the noted small slab given out, and its pages used? */
static bool
filled_small(unsigned bin)
{
    uint32_t number = trial.fill[bin].small - 1;
    const struct slab *slab = slab_at(number);

    return slab->assigned && slab->bin == bin &&
           slab->fresh == bin_info[bin].slots &&
           os_resident_pages(region_slab_start(number), SLAB_USED_BYTES) >=
               DENSE_PAGES;
}

/* A look at the small slab. One that changes nothing doubles the distance. */
static void
look(unsigned bin)
{
    struct fill *fill = &trial.fill[bin];
    bool dense = filled_small(bin);

    if (fill->distance == 0 || dense != fill->dense)
        fill->distance = FILL_LOOK_FIRST;
    else if (fill->distance < FILL_LOOK_LAST)
        fill->distance *= 2;
    fill->dense = dense;
    fill->left = fill->distance;
    fill->small = 0;
}

/* Did the bin fill its pages at the last look? Looks if it is time. */
static bool
is_dense(unsigned bin)
{
    struct fill *fill = &trial.fill[bin];

    if (fill->left == 0 && fill->small != 0)
        look(bin);
    return fill->left > 0 && fill->dense;
}

static void
note_slab(unsigned bin, uint32_t number, bool huge)
{
    struct fill *fill = &trial.fill[bin];

    if (huge)
        fill->huge = number + 1;
    if (fill->left > 0)
        fill->left--;
    if (fill->left == 0)
        fill->small = huge ? 0 : number + 1;
}

static int64_t
touch(char *start, unsigned pages)
{
    int64_t begin = os_clock_ns(CLOCK_MONOTONIC);

    for (unsigned page = 0; page < pages; page++)
        *(volatile char *)(start + (size_t)page * SMALL_PAGE_BYTES) = 0;
    return os_clock_ns(CLOCK_MONOTONIC) - begin;
}

static uint32_t
per_page(int64_t ns, unsigned pages)
{
    ns /= pages;
    return ns < 0 ? 0 : ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
}

static uint32_t
time_small(char *start)
{
    uint32_t least = UINT32_MAX;

    for (unsigned group = 0; group < TRIAL_GROUPS; group++) {
        uint32_t ns = per_page(touch(start, TRIAL_PAGES), TRIAL_PAGES);

        least = ns < least ? ns : least;
        start += TRIAL_PAGES * SMALL_PAGE_BYTES;
    }
    return least;
}

/*
 * The cost per used page: at least DENSE_PAGES of each slab are used. Touches
 * the slab's own memory only, because the other slab may get a bin meanwhile.
 */
static uint32_t
time_huge(char *start)
{
    char *page = (char *)align_down((uintptr_t)start, HUGE_PAGE_BYTES);
    uint32_t ns = UINT32_MAX;

    if (!os_advise_huge(page, HUGE_PAGE_BYTES, true))
        return ns;
    ns = per_page(touch(start, 1), HUGE_PAGE_SLABS * DENSE_PAGES);
    if (os_resident_pages(start, SLAB_BYTES) < SLAB_PAGES)
        ns = UINT32_MAX;
    (void)os_advise_huge(page, HUGE_PAGE_BYTES, false);
    return ns;
}

/* The slabs' memory is present; the other one waits for the next bin. */
static void
note_ahead(uint32_t number)
{
    uint32_t other = region_other(number);

    slab_at(number)->ahead = 1;
    if (!slab_set_has(&clean_slabs, other))
        return;
    slab_at(other)->ahead = 1;
    trial.rest = other + 1;
}

/*
 * Touches and times a slab's pages. Meanwhile the slab is in no set, like one
 * that is being purged, so that a jump out of here is mended in the same way.
 * False: the lock was lost.
 */
static bool
time_step(uint32_t number, enum page_step step)
{
    char *start = region_slab_start(number);
    uint32_t ns;

    purge_slab_restore();
    slab_unsort(number);
    cache_operation.purged = number + 1;
    trial.timed = number + 1;
    slab_at(number)->purging = 1;
    lock_release(&slab_lock);
    ns = step == PAGE_HUGE ? time_huge(start) : time_small(start);
    if (!lock_acquire_soon(&slab_lock))
        return false;
    slab_at(number)->purging = 0;
    if (step == PAGE_HUGE && ns != UINT32_MAX)
        note_ahead(number);
    slab_sort(number);
    cache_operation.purged = 0;
    page_size_learn(&trial.size, step, ns);
    atomic_store_explicit(&prefers_huge, trial.size.huge, memory_order_relaxed);
    return true;
}

/* os_can_ask_residence comes before is_dense, which calls mincore. */
static bool
wants_huge(unsigned bin)
{
    return !is_busy() && can_waste() && os_can_ask_residence() && is_dense(bin);
}

/* Is half of a touched huge page left for the bin? See page_trial.h. */
static bool
has_rest(unsigned bin)
{
    uint32_t number = trial.rest - 1;
    const struct fill *fill = &trial.fill[bin];

    return trial.rest != 0 && slab_set_has(&clean_slabs, number) &&
           slab_at(number)->ahead && (fill->left == 0 || fill->dense);
}

static uint32_t
assign_rest(unsigned bin)
{
    uint32_t number = trial.rest - 1;

    trial.rest = 0;
    slab_assign(number, bin);
    note_slab(bin, number, true);
    return number;
}

uint32_t
page_trial_assign(unsigned bin)
{
    /* Huge pages are two slabs long on systems with small pages only. */
    if (os_page_bytes() != SMALL_PAGE_BYTES)
        return slab_assign_clean(bin, false);
    if (has_rest(bin))
        return assign_rest(bin);

    enum page_step step = page_size_next(&trial.size, wants_huge(bin));
    bool huge = step == PAGE_HUGE;
    uint32_t number = growth_assign(bin, huge || region.low >= LOW_SLABS);

    if (number == UINT32_MAX)
        return number;
    /* The slab may be of the other kind, or its huge page partly in use. */
    huge = huge && slab_at(number)->huge &&
           slab_set_has(&clean_slabs, region_other(number));
    note_slab(bin, number, huge);
    if (step == PAGE_SMALL || (step == PAGE_HUGE && !huge))
        return number;
    return time_step(number, step) ? number : UINT32_MAX;
}
