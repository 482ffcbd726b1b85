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
    TRIAL_BIN_SLABS = 8,
    TRIAL_PAGES = 32, /* small ones that are touched to time it */
    SLAB_PAGES = SLAB_BYTES / SMALL_PAGE_BYTES,
    DENSE_PAGES = SLAB_PAGES / 8 * 7,
};

static struct {
    struct page_size size;
    /* The small slab that the bin got last, and the one before; plus 1. */
    uint32_t last[BINS];
    uint32_t filled[BINS];
} trial;

/* Did the bin fill the pages of the last slab but one that it got? */
static bool
is_dense(unsigned bin)
{
    uint32_t number = trial.filled[bin] - 1;

    if (trial.filled[bin] == 0 || slab_assigned_count[bin] < TRIAL_BIN_SLABS)
        return false;

    const struct slab *slab = slab_at(number);

    return slab->assigned && slab->bin == bin &&
           slab->fresh == bin_info[bin].slots &&
           os_resident_pages(region_slab_start(number), SLAB_USED_BYTES) >=
               DENSE_PAGES;
}

static void
note_small(unsigned bin, uint32_t number)
{
    trial.filled[bin] = trial.last[bin];
    trial.last[bin] = number + 1;
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

/* By used page: of a huge one, at least DENSE_PAGES are. */
static uint32_t
time_huge(char *start)
{
    uint32_t ns = UINT32_MAX;

    if (!os_advise_huge(start, SLAB_BYTES, true))
        return ns;
    ns = per_page(touch(start, 1), DENSE_PAGES);
    if (os_resident_pages(start, SLAB_BYTES) < SLAB_PAGES)
        ns = UINT32_MAX;
    (void)os_advise_huge(start, SLAB_BYTES, false);
    return ns;
}

/*
 * The slab is in no set meanwhile, as one that is being purged: an operation
 * that ends here by a jump is settled in the same way.
 */
static bool
time_step(uint32_t number, enum page_step step)
{
    char *start = region_slab_start(number);
    uint32_t ns;

    purge_slab_restore();
    slab_unsort(number);
    cache_operation.purged = number + 1;
    slab_at(number)->purging = 1;
    lock_release(&slab_lock);
    ns = step == PAGE_HUGE ? time_huge(start)
                           : per_page(touch(start, TRIAL_PAGES), TRIAL_PAGES);
    if (!lock_acquire_soon(&slab_lock))
        return false;
    slab_at(number)->purging = 0;
    slab_sort(number);
    cache_operation.purged = 0;
    page_size_learn(&trial.size, step, ns);
    return true;
}

uint32_t
page_trial_assign(unsigned bin)
{
    /* Slabs are as long as the huge pages of systems with small pages. */
    if (os_page_bytes() != SMALL_PAGE_BYTES)
        return slab_assign_clean(bin, false);

    enum page_step step = page_size_next(&trial.size, is_dense(bin));
    uint32_t number = growth_assign(bin, step == PAGE_HUGE);

    if (number == UINT32_MAX)
        return number;
    if (!slab_at(number)->huge)
        note_small(bin, number);
    /* Where the other end of the region is used up it may be of that one. */
    if (step == PAGE_SMALL || slab_at(number)->huge != (step == PAGE_HUGE))
        return number;
    return time_step(number, step) ? number : UINT32_MAX;
}
