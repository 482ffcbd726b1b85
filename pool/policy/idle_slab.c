/*
 * idle_slab.c - see idle_slab.h.
 */
#include "idle_slab.h"

#include "slab.h"

/* The slab at which the next search begins. */
static uint32_t next;

static uint64_t
slab_bytes(unsigned bin)
{
    uint32_t warm =
        atomic_load_explicit(&slab_warm_count[bin], memory_order_relaxed);

    pool_assert(warm >= slab_pinned_count[bin]);
    return (uint64_t)(warm - slab_pinned_count[bin]) * bin_info[bin].slot_bytes;
}

uint64_t
idle_slab_bytes(void)
{
    uint64_t bytes = 0;

    for (unsigned bin = 0; bin < BINS; bin++)
        bytes += slab_bytes(bin);
    return bytes;
}

unsigned
idle_most(void)
{
    unsigned most = 0;

    for (unsigned bin = 1; bin < BINS; bin++) {
        if (slab_bytes(bin) > slab_bytes(most))
            most = bin;
    }
    return most;
}

static bool
has_more(const struct slab *slab, uint64_t least_bytes)
{
    return (uint64_t)(slab->warm_free - slab->pinned) *
               bin_info[slab->bin].slot_bytes >=
           least_bytes;
}

/* Are so many quarters of its slots free? */
static bool
is_free(const struct slab *slab, unsigned quarters)
{
    unsigned slots = bin_info[slab->bin].slots;

    return slab_out(slab) * 4 <= slots * (4 - quarters);
}

uint32_t
idle_next_slab(unsigned bin, struct idle_wish wish)
{
    uint32_t left = warm_slabs[bin].count;

    if (left > wish.most_slabs)
        left = wish.most_slabs;
    for (; left > 0; left--) {
        uint32_t number = slab_set_next(&warm_slabs[bin], next);

        if (number == UINT32_MAX)
            number = slab_set_next(&warm_slabs[bin], 0);
        if (number == UINT32_MAX)
            break;
        next = number + 1 < region.slabs ? number + 1 : 0;
        if (has_more(slab_at(number), wish.least_bytes) &&
            is_free(slab_at(number), wish.free_quarters))
            return number;
    }
    return UINT32_MAX;
}

uint32_t
idle_next_piece(struct idle_wish wish)
{
    uint32_t number = slab_set_next(&partly_cold_slabs, 0);

    if (number == UINT32_MAX)
        number = slab_set_next(&empty_slabs, 0);
    if (number == UINT32_MAX)
        number = idle_next_slab(idle_most(), wish);
    return number;
}
