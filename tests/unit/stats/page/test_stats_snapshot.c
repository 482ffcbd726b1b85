/*
 * test_stats_snapshot.c - sums and derived counters against hand-made pages.
 *
 * Every expected number here is computed by hand from what the test put into
 * the page, in the words of the contract.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "counters.h"
#include "stats_fixture.h"

static struct stats_snapshot snap;

static const struct stats_counts *
class_counts(unsigned index)
{
    return &snap.classes[index].counts;
}

static void
take(const struct stats_header *page)
{
    stats_snapshot_take(&snap, page, 0);
}

Test(stats_snapshot, an_empty_page_has_zero_everywhere)
{
    take(fixture_page());
    for (unsigned i = 0; i < COUNTERS; i++)
        cr_expect(eq(u64, counter_value(&snap.total, i), 0), "%s",
                  counter_table[i].name);
    cr_expect(eq(u64, snap.below.calls, 0));
    cr_expect(eq(u64, snap.above.calls, 0));
    cr_expect(eq(u32, snap.intervals, 1));
}

Test(stats_snapshot, hits_are_gets_less_misses_split_by_tier)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_4K, 4000, 100, 7, 90);
    fixture_hot(page, 0, CLASS_4K)->depot_hits = 20;
    take(page);
    const struct stats_counts *c = class_counts(CLASS_4K);
    cr_expect(eq(u64, c->gets, 100));
    cr_expect(eq(u64, c->misses, 7));
    cr_expect(eq(u64, c->hits, 93));
    cr_expect(eq(u64, c->depot_hits, 20));
    cr_expect(eq(u64, c->cache_hits, 73));
    cr_expect(eq(u64, c->puts, 90));
    cr_expect(eq(u64, c->live, 10));
}

Test(stats_snapshot, bytes_follow_from_buffers_and_the_class)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_4K, 4000, 100, 7, 94);
    take(page);
    const struct stats_counts *c = class_counts(CLASS_4K);
    cr_expect(eq(u64, c->requested_bytes, 400000));
    cr_expect(eq(u64, c->slot_bytes, 409600));
    cr_expect(eq(u64, c->live_bytes, 6 * 4096));
    cr_expect(eq(u64, c->cached_bytes, 1 * 4096));
    cr_expect(eq(u64, c->resident_bytes, 7 * 4096));
}

Test(stats_snapshot, a_put_in_another_block_than_the_get_counts_once)
{
    struct stats_header *page = fixture_page();
    fixture_hot(page, 0, CLASS_16K)->granted = 10;
    fixture_hot(page, 0, CLASS_16K)->misses = 10;
    fixture_hot(page, 1, CLASS_16K)->puts = 4;
    fixture_hot(page, 1, CLASS_16K)->remote_puts = 4;
    take(page);
    cr_expect(eq(u64, class_counts(CLASS_16K)->live, 6));
    cr_expect(eq(u64, class_counts(CLASS_16K)->remote_puts, 4));
}

Test(stats_snapshot, an_aligned_bin_belongs_to_its_class)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_4K, 4000, 10, 1, 10);
    fixture_traffic(page, BIN_4K_ALIGNED, 4096, 5, 1, 5);
    fixture_cold(page, 0, BIN_4K_ALIGNED)->aligned = 5;
    take(page);
    cr_expect(eq(u64, class_counts(CLASS_4K)->gets, 15));
    cr_expect(eq(u64, class_counts(CLASS_4K)->aligned, 5));
    cr_expect(eq(u64, class_counts(CLASS_4K)->requested_bytes, 60480));
}

Test(stats_snapshot, idle_buffers_account_for_every_way_in_and_out)
{
    struct stats_header *page = fixture_page();
    struct stats_hot *hot = fixture_hot(page, 0, CLASS_2K);
    hot->granted = 50;
    hot->misses = 30;
    hot->puts = 45;
    hot->inherited_puts = 3;
    page->warmups[CLASS_2K] = 8;
    page->discards[CLASS_2K] = 10;
    page->adopted[CLASS_2K] = -4;
    take(page);
    /* 30 + 8 + 3 - 4 came, 10 went, 5 are out. */
    cr_expect(eq(u64, class_counts(CLASS_2K)->cached_bytes, 22 * 2048));
    cr_expect(eq(u64, class_counts(CLASS_2K)->resident_bytes, 27 * 2048));
    cr_expect(eq(u64, class_counts(CLASS_2K)->puts, 45));
    cr_expect(eq(u64, class_counts(CLASS_2K)->inherited_puts, 3));
}

Test(stats_snapshot, a_forked_child_frees_its_parents_buffers)
{
    struct stats_header *page = fixture_page();
    page->adopted[CLASS_2K] = 2;
    fixture_hot(page, 0, CLASS_2K)->inherited_puts = 5;
    take(page);
    cr_expect(eq(u64, class_counts(CLASS_2K)->live, 0));
    cr_expect(eq(u64, class_counts(CLASS_2K)->puts, 0));
    cr_expect(eq(u64, class_counts(CLASS_2K)->cached_bytes, 7 * 2048));
}

Test(stats_snapshot, the_peak_of_a_class_includes_unpublished_shares)
{
    struct stats_header *page = fixture_page();
    page->live[CLASS_64K] = 10;
    page->peak[CLASS_64K] = 12;
    fixture_cold(page, 0, CLASS_64K)->published = 4;
    fixture_cold(page, 0, CLASS_64K)->peak = 9;
    take(page);
    cr_expect(eq(u64, class_counts(CLASS_64K)->peak_live_bytes, 15 * 65536));

    page->peak[CLASS_64K] = 20;
    take(page);
    cr_expect(eq(u64, class_counts(CLASS_64K)->peak_live_bytes, 20 * 65536));
}

Test(stats_snapshot, the_peak_of_the_process_is_tracked_for_itself)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2K, 2048, 10, 10, 10);
    fixture_traffic(page, CLASS_64K, 65536, 10, 10, 10);
    page->peak_bytes = 0;
    stats_block_at(page, PAGE_FIRST_BLOCK)->peak_bytes = 655360;
    stats_block_at(page, PAGE_FIRST_BLOCK)->alone = 1;
    take(page);
    cr_expect(eq(u64, snap.total.peak_live_bytes, 655360));
    cr_expect(eq(u64, snap.pool[0].counts.peak_live_bytes, 20480));
    page->peak_bytes = 660000;
    take(page);
    cr_expect(eq(u64, snap.total.peak_live_bytes, 660000));
    /* Headroom of a thread among others is no peak. */
    stats_block_at(page, PAGE_FIRST_BLOCK)->alone = 0;
    stats_block_at(page, PAGE_FIRST_BLOCK)->peak_bytes = 700000;
    take(page);
    cr_expect(eq(u64, snap.total.peak_live_bytes, 660000));
    /* 10 of 2 KB and 10 of 64 KB is all there ever was. */
    page->peak_bytes = 700000;
    take(page);
    cr_expect(eq(u64, snap.total.peak_live_bytes, 675840));
}

Test(stats_snapshot, the_peak_of_one_thread_is_exact)
{
    struct stats_header *page = fixture_page();
    page->threads_peak = 1;
    fixture_hot(page, 1, CLASS_4K)->puts = 1;
    take(page);
    cr_expect(snap.peak_is_exact);
    page->threads_peak = 2;
    take(page);
    cr_expect_not(snap.peak_is_exact);
    page->threads_peak = 1;
    fixture_hot(page, 0, CLASS_4K)->puts = 1; /* by a thread without a cache */
    take(page);
    cr_expect_not(snap.peak_is_exact);
}

Test(stats_snapshot, what_is_live_now_was_the_peak_at_least)
{
    struct stats_header *page = fixture_page();
    fixture_hot(page, 0, CLASS_2K)->granted = 7;
    take(page);
    cr_expect(eq(u64, class_counts(CLASS_2K)->peak_live_bytes, 7 * 2048));
    cr_expect(eq(u64, snap.total.peak_live_bytes, 7 * 2048));
}

Test(stats_snapshot, pools_and_totals_are_sums_of_classes)
{
    take(fixture_busy_page());
    for (unsigned i = 0; i < COUNTERS; i++) {
        uint64_t total = 0;
        for (unsigned pool = 0; pool < PAGE_POOLS; pool++) {
            uint64_t sum = 0;
            for (unsigned c = 0; c < PAGE_CLASSES; c++)
                if (snap.page->class_pool[c] == pool)
                    sum += counter_value(class_counts(c), i);
            cr_expect(eq(u64, counter_value(&snap.pool[pool].counts, i), sum),
                      "%s", counter_table[i].name);
            total += sum;
        }
        if (counter_table[i].kind != COUNTER_PEAK)
            cr_expect(eq(u64, counter_value(&snap.total, i), total), "%s",
                      counter_table[i].name);
    }
}

Test(stats_snapshot, fallback_is_below_or_above_by_width)
{
    struct stats_header *page = fixture_page();
    struct stats_block *block = stats_block_at(page, PAGE_FIRST_BLOCK + 1);
    block->fallback_calls[0] = 1;  /* malloc(0) */
    block->fallback_calls[11] = 2; /* 1024 to 2047 */
    block->fallback_calls[17] = 4; /* 65537 to 131071 */
    block->fallback_calls[64] = 8;
    block->below_granted = 5000;
    block->below_credit = 1000;
    block->above_bytes = 77;
    take(page);
    cr_expect(eq(u64, snap.below.calls, 3));
    cr_expect(eq(u64, snap.below.bytes, 4000));
    cr_expect(eq(u64, snap.above.calls, 12));
    cr_expect(eq(u64, snap.above.bytes, 77));
}

Test(stats_snapshot, values_that_raced_never_go_below_zero)
{
    struct stats_header *page = fixture_page();
    struct stats_hot *hot = fixture_hot(page, 0, CLASS_2K);
    hot->granted = 10;
    hot->puts = 12;
    hot->misses = 11;
    hot->depot_hits = 3;
    hot->remote_puts = 20;
    page->discards[CLASS_2K] = 1000;
    take(page);
    const struct stats_counts *c = class_counts(CLASS_2K);
    cr_expect(eq(u64, c->live, 0));
    cr_expect(eq(u64, c->gets, c->hits + c->misses));
    cr_expect(eq(u64, c->hits, c->cache_hits + c->depot_hits));
    cr_expect(eq(u64, c->live, c->gets - c->puts));
    cr_expect(le(u64, c->remote_puts, c->puts));
    cr_expect(le(u64, c->requested_bytes, c->slot_bytes));
    cr_expect(eq(u64, c->cached_bytes, 0));
}

Test(stats_snapshot, sums_stop_at_the_largest_number)
{
    take(fixture_extreme_page());
    cr_expect(eq(u64, snap.total.gets, UINT64_MAX));
    cr_expect(eq(u64, snap.total.slot_bytes, UINT64_MAX));
    cr_expect(eq(u64, snap.total.bypasses, UINT64_MAX));
    cr_expect(ge(i64, snap.duration_ns, 0));
}

Test(stats_snapshot, the_open_interval_holds_what_the_finished_ones_do_not)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2K, 2048, 100, 10, 99);
    page->intervals = 2;
    page->interval[0].gets = 30;
    page->interval[0].hits = 25;
    page->interval[0].misses = 5;
    page->interval[1].gets = 20;
    page->interval[1].hits = 20;
    take(page);
    cr_assert(eq(u32, snap.intervals, 3));
    cr_expect(eq(u64, snap.interval[2].gets, 50));
    cr_expect(eq(u64, snap.interval[2].hits, 45));
    cr_expect(eq(u64, snap.interval[2].misses, 5));
    cr_expect(eq(u64, snap.interval[2].live_bytes, 2048));
}

Test(stats_snapshot, the_duration_ends_with_the_process_or_now)
{
    struct stats_header *page = fixture_page();
    take(page);
    cr_expect(eq(i64, snap.duration_ns, 2310000000));
    page->end_monotonic_ns = 0;
    stats_snapshot_take(&snap, page, 5000000001);
    cr_expect(eq(i64, snap.duration_ns, 1));
    stats_snapshot_take(&snap, page, 4);
    cr_expect(eq(i64, snap.duration_ns, 0));
}

Test(stats_snapshot, blocks_beyond_the_used_ones_are_not_read)
{
    struct stats_header *page = fixture_page();
    fixture_hot(page, 1, CLASS_2K)->granted = 5;
    page->blocks_used = PAGE_FIRST_BLOCK + 1;
    take(page);
    cr_expect(eq(u64, snap.total.gets, 0));
}
