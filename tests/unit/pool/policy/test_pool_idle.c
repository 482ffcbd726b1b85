/* test_pool_idle.c - idle memory that leaves while a program frees. */
#include <criterion/criterion.h>

#include "account.h"
#include "decay.h"
#include "need.h"
#include "operation.h"
#include "os.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "slab.h"

/* Nothing of it is touched: pages are those that could be. */
enum { BYTES = 1 << 30, SLACK_BYTES = 12 << 20, MOST = BYTES / 2048 };

static void *ptr[MOST];
static size_t count;

static void
fill(size_t bytes)
{
    count = BYTES / bytes;
    for (size_t i = 0; i < count; i++) {
        ptr[i] = pool_get(bytes);
        cr_assert_not_null(ptr[i]);
    }
}

static void
shuffle(void)
{
    uint64_t state = 1;

    for (size_t i = count - 1; i > 0; i--) {
        size_t other = pool_draw(&state) % (i + 1);
        void *swap = ptr[i];

        ptr[i] = ptr[other];
        ptr[other] = swap;
    }
}

static void
turn_round(void)
{
    for (size_t i = 0; i < count / 2; i++) {
        void *swap = ptr[i];

        ptr[i] = ptr[count - 1 - i];
        ptr[count - 1 - i] = swap;
    }
}

static void
drop(void)
{
    for (size_t i = 0; i < count; i++)
        (void)pool_put(ptr[i]);
}

static uint64_t
warm_idle_bytes(void)
{
    const char *broken = pool_check();
    uint64_t bytes = 0;

    cr_assert_null(broken, "%s", broken);
    for (unsigned bin = 0; bin < BINS; bin++)
        bytes += (pool_census[bin].warm + pool_census[bin].depot +
                  pool_census[bin].cached) *
                 bin_info[bin].slot_bytes;
    return bytes;
}

static void
start(int64_t decay_ms)
{
    struct pool_config config = pool_config_default;

    config.decay_ms = decay_ms;
    cr_assert(pool_init(&config));
}

static void
assert_left_more(uint64_t more)
{
    uint64_t left = warm_idle_bytes();

    cr_assert(left <= NEED_KEEP_BYTES + SLACK_BYTES + more, "%lu MB idle",
              left >> 20);
}

static void
assert_left(void)
{
    assert_left_more(0);
}

enum { HOUR_MS = 3600 * 1000 };

Test(idle, a_mass_of_frees_leaves_little, .timeout = 300)
{
    static const size_t size[] = {2048, 16384, 65536};

    for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
        if (i == 0)
            start(HOUR_MS);
        /* Or it would be a need. */
        slab_window += NEED_WINDOWS;
        fill(size[i]);
        drop();
        assert_left();
    }
}

Test(idle, in_the_opposite_order)
{
    start(HOUR_MS);
    fill(16384);
    turn_round();
    drop();
    assert_left();
}

/*
 * A page becomes free with the last of its slots, most of them near the end:
 * then there is no time to return as many. Of 1 GB there were 45 and 302 MB
 * left with pages of 16 and 64 KB, for the decay or the next frees.
 */
Test(idle, in_any_order)
{
    size_t page = os_page_bytes();

    start(HOUR_MS);
    fill(16384);
    shuffle();
    drop();
    assert_left_more(page <= 4096 ? 0 : page <= 16384 ? 64 << 20 : 340 << 20);
}

/*
 * A program that ends frees all: a system call for each slot would cost more
 * than those for the slabs, once they are nearly empty.
 */
Test(idle, slabs_half_in_use_wait)
{
    start(HOUR_MS);
    fill(16384);
    for (size_t i = 1; i < count; i += 2)
        (void)pool_put(ptr[i]);
    cr_assert_eq(account_page->purged_bytes, 0);
    for (size_t i = 0; i < count; i += 2)
        (void)pool_put(ptr[i]);
    assert_left();
}

static uint64_t
purged_by_drop(void)
{
    uint64_t before = account_page->purged_bytes;

    drop();
    (void)warm_idle_bytes();
    return account_page->purged_bytes - before;
}

Test(idle, what_is_asked_for_again_stays)
{
    static const size_t size[] = {16384, 16384, 8192, 40000};
    uint64_t purged;

    start(HOUR_MS);
    fill(16384);
    cr_assert(purged_by_drop() >= BYTES / 2);
    for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
        fill(size[i]);
        purged = purged_by_drop();
        /* At most the memory that the change of sizes left over. */
        cr_assert(purged <= (size[i] == 16384 ? 0 : BYTES / 8),
                  "%zu bytes: %lu MB purged", size[i], purged >> 20);
    }
}

Test(idle, decay_never_keeps_all)
{
    start(-1);
    fill(16384);
    drop();
    cr_assert_eq(account_page->purged_bytes, 0);
}

/*
 * The first tick after a pause begins to return all that was idle before; those
 * of half a window end it, and none of them does much.
 */
Test(idle, a_pause_of_decay_ms_is_seen_at_the_first_tick)
{
    enum { TICKS = 4000, TICK_NS = HOUR_MS / 10 * (1000000 / TICKS) };
    struct cache *cache;
    int64_t now;

    start(HOUR_MS);
    fill(16384);
    drop();
    cache = cache_self;
    now = os_now_ns();
    cache_enter();
    decay_tick(0, now);
    cache_trim(cache);
    now += (int64_t)HOUR_MS * 1000000;
    for (unsigned tick = 0; tick < TICKS; tick++) {
        decay_tick(0, now + (int64_t)tick * TICK_NS);
        cache_trim(cache);
    }
    cache_leave(cache);
    cr_assert(warm_idle_bytes() <= SLACK_BYTES, "%lu MB idle",
              warm_idle_bytes() >> 20);
}
