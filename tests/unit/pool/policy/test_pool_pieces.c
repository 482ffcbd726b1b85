/*
 * test_pool_pieces.c - idle memory moves in pieces: no call does much of it.
 *
 * The work of a call is measured by the slots that left the depots and by the
 * bytes that were returned to the system.
 */
#include <criterion/criterion.h>

#include "account.h"
#include "decay.h"
#include "depot.h"
#include "operation.h"
#include "os.h"
#include "pool_calls.h"
#include "pool_check.h"

enum {
    HOUR_MS = 3600 * 1000,
    SMALL = 60000, /* buffers of 2 KB: as much as frees leave alone */
    DRAIN_MOST = 2048 + 2 * MAGAZINE_ROUNDS, /* two pieces */
    PURGE_MOST_PAGES = 640, /* a piece, and one that is a huge page */
    GROWTH_DRAIN_MOST = (4 << 20) / 2048 + 2 * MAGAZINE_ROUNDS,
    GROWTH_PURGE_MOST_PAGES = 1536, /* a slab more than it wants to */
};

static void *ptr[SMALL];

static void
fill_and_drop(void)
{
    struct pool_config config = pool_config_default;

    config.decay_ms = HOUR_MS;
    cr_assert(pool_init(&config));
    for (unsigned i = 0; i < SMALL; i++)
        ptr[i] = pool_get(2048);
    for (unsigned i = 0; i < SMALL; i++)
        (void)pool_put(ptr[i]);
}

static uint64_t
depot_slots_all(void)
{
    uint64_t slots = 0;

    for (unsigned bin = 0; bin < BINS; bin++)
        slots += depot_count(bin);
    return slots;
}

static struct {
    uint64_t slots;
    uint64_t purged;
} seen;

static void
look(void)
{
    seen.slots = depot_slots_all();
    seen.purged = account_page->purged_bytes;
}

static void
assert_little(uint64_t slots, uint64_t pages, const char *when)
{
    uint64_t moved = seen.slots - depot_slots_all();
    uint64_t purged = account_page->purged_bytes - seen.purged;

    cr_assert(depot_slots_all() >= seen.slots || moved <= slots,
              "%s: %lu slots were moved", when, moved);
    cr_assert(purged <= pages * os_page_bytes(), "%s: %lu bytes were returned",
              when, purged);
    look();
}

static void
tick_through(int64_t from, const char *when)
{
    enum { STEP_NS = 1000 * 1000 };
    int64_t end = from + (int64_t)HOUR_MS * 1000000 / 10;

    look();
    for (int64_t now = from; now <= end; now += STEP_NS) {
        decay_tick(now - STEP_NS, now);
        assert_little(DRAIN_MOST, PURGE_MOST_PAGES, when);
    }
}

static void
assert_sound(void)
{
    const char *broken = pool_check();

    cr_assert_null(broken, "%s", broken);
}

Test(pieces, a_tick_does_a_piece)
{
    int64_t hour = (int64_t)HOUR_MS * 1000000;
    int64_t now;

    fill_and_drop();
    cr_assert(depot_slots_all() > SMALL / 2);
    now = os_now_ns();
    cache_enter();
    decay_tick(0, now);
    tick_through(now + hour / 5, "the window of the frees ends");
    tick_through(now + hour / 5 * 2, "the next one");
    cr_assert_eq(depot_slots_all(), 0);
    tick_through(now + hour / 5 * 3, "the third");
    cache_leave(cache_self);
    assert_sound();
    cr_assert(account_page->purged_bytes > (SMALL / 2) * 2048UL);
}

Test(pieces, a_tick_after_a_pause_does_a_piece)
{
    int64_t now;

    fill_and_drop();
    now = os_now_ns();
    cache_enter();
    decay_tick(0, now);
    tick_through(now + (int64_t)HOUR_MS * 1000000, "after a pause");
    cache_leave(cache_self);
    assert_sound();
    cr_assert_eq(depot_slots_all(), 0);
    cr_assert(account_page->purged_bytes > (SMALL / 2) * 2048UL);
}

Test(pieces, growth_moves_and_returns_little_at_a_time)
{
    fill_and_drop();
    look();
    for (unsigned i = 0; i < 3000; i++) {
        cr_assert_not_null(pool_get(40000));
        assert_little(GROWTH_DRAIN_MOST, GROWTH_PURGE_MOST_PAGES, "growth");
    }
    assert_sound();
    cr_assert(depot_slots_all() < 16384, "idle memory was not used");
}
