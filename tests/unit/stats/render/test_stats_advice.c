/*
 * test_stats_advice.c - when warnings and hints appear, on both sides of
 * each threshold.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "advice.h"
#include "stats_fixture.h"

static struct stats_snapshot snap;
static char message[ADVICE_BYTES];

/* Whether the advice of that id applies; its words are in message. */
static bool
applies(const char *id, const struct stats_header *page)
{
    stats_snapshot_take(&snap, page, 0);
    for (unsigned i = 0; i < advice_count; i++)
        if (strcmp(advice_id(i), id) == 0)
            return advice_message(i, &snap, message);
    cr_fatal("no advice %s", id);
}

Test(stats_advice, nothing_is_said_of_a_page_at_rest)
{
    stats_snapshot_take(&snap, fixture_page(), 0);
    for (unsigned i = 0; i < advice_count; i++)
        cr_expect(not(advice_message(i, &snap, message)), "%s: %s",
                  advice_id(i), message);
}

Test(stats_advice, reports_of_others_that_are_lost_are_warned_of)
{
    struct stats_header *page = fixture_page();
    cr_expect(not(applies("unreported", page)));
    page->unreported.processes = 1;
    page->unreported.gets = 2000;
    page->unreported.hits = 1;
    page->unreported.error = EACCES;
    cr_expect(applies("unreported", page));
    cr_expect(eq(str, message,
                 "1 forked process could not write a report (Permission "
                 "denied), with 2,000 gets and 1 hits that are not among "
                 "these; 'midpool run', or live:keep, has all numbers"));
}

Test(stats_advice, a_hit_rate_below_the_limit_is_warned_of)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2K, 2048, 1000, 50, 1000);
    fixture_peak(page, CLASS_2K, 1);
    cr_expect(not(applies("hit_rate", page)), "95 %% is not below 95 %%");
    fixture_hot(page, 0, CLASS_2K)->misses = 60;
    cr_expect(applies("hit_rate", page));
    cr_expect(eq(str, message,
                 "hit rate 94.0 % of 1,000 gets is below 95 % (warn_below)"));
    page->warn_below = 0;
    cr_expect(not(applies("hit_rate", page)));
    page->warn_below = 100;
    cr_expect(applies("hit_rate", page));
    fixture_hot(page, 0, CLASS_2K)->misses = 0;
    cr_expect(not(applies("hit_rate", page)), "nothing is below 100 %%");
}

/* They miss by design: the pools are judged by the others. */
Test(stats_advice, guarded_gets_are_no_fault_of_the_pools)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2K, 2048, 3000, 3000, 3000);
    fixture_peak(page, CLASS_2K, 1);
    cr_expect(applies("hit_rate", page));
    cr_expect(not(applies("guarded", page)));
    page->guarded = 3000;
    cr_expect(not(applies("hit_rate", page)), "%s", message);
    cr_expect(not(applies("few_gets", page)), "%s", message);
    cr_expect(not(applies("first_uses", page)), "%s", message);
    cr_expect(not(applies("discards", page)), "%s", message);
    cr_expect(applies("guarded", page));
    cr_expect(eq(str, message,
                 "3,000 of 3,000 misses were guarded gets (guard), which take "
                 "new memory each time and say nothing of the pools"));
}

Test(stats_advice, gets_that_are_not_guarded_are_judged_by_themselves)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2K, 2048, 3000, 1050, 3000);
    fixture_peak(page, CLASS_2K, 1);
    page->guarded = 1000;
    cr_expect(not(applies("hit_rate", page)), "97.5 %%: %s", message);
    fixture_hot(page, 0, CLASS_2K)->misses = 1200;
    cr_expect(applies("hit_rate", page));
    cr_expect(eq(str, message,
                 "hit rate 90.0 % of 2,000 unguarded gets is below 95 % "
                 "(warn_below)"));
    page->guarded = 100;
    cr_expect(not(applies("guarded", page)), "a tenth explains nothing");
}

Test(stats_advice, fewer_than_a_thousand_gets_get_no_verdict)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_16K, 16384, 999, 999, 999);
    fixture_peak(page, CLASS_16K, 1);
    cr_expect(not(applies("hit_rate", page)));
    cr_expect(applies("few_gets", page));
    fixture_traffic(page, CLASS_2K, 2048, 1, 1, 1);
    cr_expect(applies("hit_rate", page));
    cr_expect(not(applies("few_gets", page)));
}

Test(stats_advice, first_uses_of_memory_in_use_are_no_fault)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2K, 2048, 1000, 1000, 949);
    fixture_peak(page, CLASS_2K, 51);
    cr_expect(applies("hit_rate", page), "949 of 1,000 were freed");
    fixture_hot(page, 0, CLASS_2K)->puts = 50;
    cr_expect(not(applies("hit_rate", page)), "5 %% are left");
    cr_expect(applies("first_uses", page));
    cr_expect(contains(message, " of 1,000 misses were the first use of"));
}

Test(stats_advice, first_uses_at_the_peak_are_no_fault)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2K, 2048, 1000, 1000, 1000);
    fixture_peak(page, CLASS_2K, 949);
    cr_expect(applies("hit_rate", page), "51 were not needed at the peak");
    fixture_peak(page, CLASS_2K, 950);
    cr_expect(not(applies("hit_rate", page)), "5 %% are left");
    cr_expect(applies("first_uses", page));
    cr_expect(contains(message, "950 of 1,000 misses were the first use of"));
}

Test(stats_advice, a_class_in_use_excuses_no_other)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2K, 2048, 1000, 0, 0);
    fixture_traffic(page, CLASS_16K, 16384, 1000, 1000, 1000);
    fixture_peak(page, CLASS_16K, 1);
    cr_expect(applies("hit_rate", page));
}

Test(stats_advice, misuse_is_named_by_kind)
{
    struct stats_header *page = fixture_page();
    page->double_frees = 2;
    page->wild_frees = 1;
    cr_expect(applies("misuse", page));
    cr_expect(contains(message, "2 double, 1 of memory never handed out;"));
}

Test(stats_advice, bypasses_matter_above_one_percent)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2K, 2048, 990, 1, 990);
    fixture_cold(page, 0, CLASS_2K)->bypasses = 10;
    cr_expect(not(applies("bypasses", page)));
    fixture_cold(page, 0, CLASS_2K)->bypasses = 11;
    cr_expect(applies("bypasses", page));
}

Test(stats_advice, inactive_pools_are_warned_of_with_their_reason)
{
    struct stats_header *page = fixture_page();
    page->active = 0;
    cr_expect(applies("inactive", page));
    strcpy(page->reason, "no address space");
    cr_expect(applies("inactive", page));
    cr_expect(contains(message, "no address space"));
    cr_expect(not(applies("remark", page)));
}

Test(stats_advice, a_remark_on_active_pools_is_passed_on)
{
    struct stats_header *page = fixture_page();
    strcpy(page->reason, "only 64 MB of address space");
    cr_expect(applies("remark", page));
    cr_expect(eq(str, message, "only 64 MB of address space"));
}

Test(stats_advice, a_longer_decay_is_proposed_where_buffers_were_given_back)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_16K, 16384, 2000, 1000, 2000);
    fixture_peak(page, CLASS_16K, 100);
    page->discards[CLASS_16K] = 100;
    cr_expect(not(applies("discards", page)), "no more than a tenth");
    page->discards[CLASS_16K] = 900;
    cr_expect(applies("discards", page));
    cr_expect(contains(message, "'midpool bench --advice'"));
    cr_expect(not(applies("first_uses", page)));
}

Test(stats_advice, waste_names_the_class_and_the_requests)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_2560, 2100, 100000, 1, 100000);
    fixture_traffic(page, CLASS_64K, 65536, 10, 1, 10);
    cr_expect(applies("waste", page));
    cr_expect(contains(message, "buffers of 2,560 bytes, often for requests of "
                                "2,048 to 2,303"));
}

Test(stats_advice, large_requests_beyond_the_band_are_mentioned)
{
    struct stats_header *page = fixture_page();
    struct stats_block *block = stats_block_at(page, PAGE_FIRST_BLOCK);
    block->above_bytes = 1000000000;
    block->fallback_calls[20] = 999;
    cr_expect(not(applies("above_band", page)));
    block->fallback_calls[20] = 1000;
    cr_expect(applies("above_band", page));
}

/* The bytes of bypasses are not known, so neither is the share of others. */
Test(stats_advice, bypasses_leave_the_share_of_large_requests_unknown)
{
    struct stats_header *page = fixture_page();
    struct stats_block *block = stats_block_at(page, PAGE_FIRST_BLOCK);
    block->above_bytes = 1000000000;
    block->fallback_calls[20] = 1000;
    fixture_cold(page, 0, CLASS_2K)->bypasses = 1000;
    cr_expect(not(applies("above_band", page)));
}

Test(stats_advice, the_longest_messages_fit)
{
    stats_snapshot_take(&snap, fixture_extreme_page(), 0);
    for (unsigned i = 0; i < advice_count; i++)
        if (advice_message(i, &snap, message))
            cr_expect(lt(sz, strlen(message), ADVICE_BYTES - 1), "%s",
                      advice_id(i));
}
