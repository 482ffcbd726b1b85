/*
 * slab_space.c - slabs whose address space goes back to the system, and comes
 * from there again. The order of the steps is such that an operation that ends
 * between two of them can be mended (slab_recover.c): a bare slab that serves
 * no bin is one, whatever of the rest was done.
 */
#include "account.h"
#include "slab.h"
#include "space.h"

struct slab_set bare_slabs;

static void
unmap(uint32_t number)
{
    slab_set_add(&bare_slabs, number);
    if (slab_at(number)->assigned) {
        account_discards(slab_at(number)->bin, slab_at(number)->warm_free);
        slab_make_clean(number);
    }
    slab_set_remove(&clean_slabs, number);
    region_unmap(number);
}

static size_t
unmap_all(struct slab_set *set)
{
    size_t bytes = 0;
    uint32_t number;

    while ((number = slab_set_next(set, 0)) != UINT32_MAX) {
        unmap(number);
        bytes += SLAB_USED_BYTES;
    }
    return bytes;
}

size_t
slab_unmap_idle(void)
{
    pool_assert(lock_held_by_self(&slab_lock));
    if (space_reserved())
        return 0;
    return unmap_all(&clean_slabs) + unmap_all(&holey_slabs) +
           unmap_all(&empty_slabs);
}

uint32_t
slab_map_bare(bool huge)
{
    uint32_t number = slab_set_next(&bare_slabs, 0);

    while (number != UINT32_MAX && slab_at(number)->huge != huge)
        number = slab_set_next(&bare_slabs, number + 1);
    if (number == UINT32_MAX || !region_map(number))
        return UINT32_MAX;
    slab_set_remove(&bare_slabs, number);
    return number;
}
