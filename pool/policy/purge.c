/*
 * purge.c - see purge.h.
 */
#include "purge.h"

#include "account.h"
#include "drain.h"
#include "lock.h"
#include "purge_slab.h"
#include "slab.h"

static bool
begin(void)
{
    return !lock_held_by_self(&slab_lock) && lock_acquire_soon(&slab_lock);
}

void
purge_collect(void)
{
    if (!lock_acquire_soon(&slab_lock))
        return;
    (void)drain_all();
    lock_release(&slab_lock);
}

size_t
purge_space(void)
{
    size_t bytes = 0;

    if (!begin())
        return 0;
    if (drain_all())
        bytes = slab_unmap_idle();
    lock_release(&slab_lock);
    return bytes;
}

/* Returns the idle pages of all slabs. Requires the lock, which may be lost. */
static void
purge_slabs(void)
{
    uint32_t number = region_next_used(0);

    while (number != UINT32_MAX && lock_held_by_self(&slab_lock)) {
        const struct slab *slab = slab_at(number);

        if (slab->assigned && !slab->purging && slab->warm_free > 0)
            (void)purge_slab(number);
        number = region_next_used(number + 1);
    }
}

size_t
purge_all(void)
{
    uint64_t before;
    uint64_t after;

    if (!begin())
        return 0;
    before = account_page->purged_bytes;
    if (drain_all())
        purge_slabs();
    after = account_page->purged_bytes;
    lock_release(&slab_lock);
    /* A reset may have come in between. */
    return after > before ? (size_t)(after - before) : 0;
}
