/*
 * test_stats_equations.c - the judge of a snapshot: fair and awake.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "equations.h"
#include "stats_fixture.h"

static struct stats_snapshot snap;

static void
start(void)
{
    stats_snapshot_take(&snap, fixture_busy_page(), 0);
}

TestSuite(stats_equations, .init = start);

static void
expect_broken(const char *words)
{
    const char *broken = stats_broken_equation(&snap, true);
    cr_assert(broken != NULL);
    cr_expect(contains(broken, words), "%s", broken);
    start();
}

Test(stats_equations, hold_in_a_snapshot)
{
    cr_expect(stats_broken_equation(&snap, false) == NULL);
    cr_expect(stats_broken_equation(&snap, true) == NULL);
}

Test(stats_equations, each_is_found_when_broken)
{
    snap.total.misses++;
    expect_broken("gets = hits + misses");
    snap.classes[CLASS_4K].counts.depot_hits++;
    expect_broken("hits = cache_hits + depot_hits");
    snap.pool[1].counts.live++;
    expect_broken("live = gets - puts");
    snap.total.remote_puts = snap.total.puts + 1;
    expect_broken("remote_puts are puts");
    snap.total.requested_bytes = UINT64_MAX;
    expect_broken("requested_bytes fit");
    snap.total.cached_bytes++;
    expect_broken("resident_bytes");
    snap.classes[CLASS_2560].counts.peak_live_bytes = 0;
    expect_broken("peak_live_bytes reach");
    snap.classes[CLASS_2K].counts.slot_bytes++;
    expect_broken("slot_bytes = gets");
    snap.classes[CLASS_2K].counts.callocs++;
    expect_broken("callocs");
    snap.total.peak_live_bytes = UINT64_MAX;
    expect_broken("peak_live_bytes");
}

Test(stats_equations, what_is_kept_apart_counts_at_rest_only)
{
    snap.sizes[7]++;
    cr_expect(stats_broken_equation(&snap, false) == NULL);
    expect_broken("sizes");
    snap.interval[0].gets++;
    expect_broken("intervals");
}
