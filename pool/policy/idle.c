/*
 * idle.c - see idle.h.
 */
#include "idle.h"

#include "account.h"
#include "cache.h"
#include "depot.h"
#include "drain.h"
#include "growth.h"
#include "idle_slab.h"
#include "need.h"
#include "purge_slab.h"
#include "settings.h"
#include "slab.h"

enum {
    LOOK_BYTES = 1 << 20,        /* given by a thread between two looks */
    LOOK_SOON_BYTES = 256 << 10, /* the same after a look that returned some */
    DRAIN_BYTES = 4 << 20,       /* of magazines that a look takes apart */
    PIECES = 4,                  /* returned by a look, at most */
    SEARCH_SLABS = 1024,         /* that a search for a piece looks at */
    FREE_QUARTERS = 3,           /* of a slab before its pages are returned */
};

static struct {
    struct need need;
    uint64_t purged_bytes; /* the page's count at the last look */
} idle;

/* Notes all purges since the last look. A reset sets the page's count to 0. */
static void
catch_up(void)
{
    uint64_t purged = account_page->purged_bytes;

    if (purged > idle.purged_bytes)
        need_returned(&idle.need, slab_window, purged - idle.purged_bytes);
    idle.purged_bytes = purged;
}

void
idle_note_growth(uint64_t bytes)
{
    catch_up();
    need_grown(&idle.need, slab_window, bytes);
}

/* The idle bytes that are beyond the need. */
static uint64_t
excess(void)
{
    uint64_t bytes = depot_bytes_all() + idle_slab_bytes();
    uint64_t warm = growth_warm_bytes();

    catch_up();
    return need_excess(&idle.need, slab_window,
                       bytes > warm ? bytes - warm : 0);
}

/* Requires slab_lock, which is released meanwhile. */
static void
return_pieces(unsigned bin)
{
    struct purge_limit piece_limit = purge_piece();
    struct idle_wish wish = {IDLE_WORTH_BYTES, SEARCH_SLABS, FREE_QUARTERS};

    drain_some(bin, DRAIN_BYTES);
    for (unsigned piece = 0; piece < PIECES; piece++) {
        uint32_t number;

        if (!lock_held_by_self(&slab_lock) || excess() < piece_limit.bytes)
            return;
        number = idle_next_piece(wish);
        if (number == UINT32_MAX)
            return;
        (void)purge_slab_piece(number, piece_limit);
    }
}

void
idle_look(struct cache *cache, unsigned bin)
{
    if (likely(cache->given_bytes < LOOK_BYTES))
        return;
    cache->given_bytes = 0;
    if (settings.window_ns <= 0 || lock_held_by_self(&slab_lock) ||
        !lock_try(&slab_lock))
        return;
    if (excess() >= purge_piece().bytes) {
        return_pieces(bin);
        cache->given_bytes = LOOK_BYTES - LOOK_SOON_BYTES;
    }
    lock_release(&slab_lock);
}
