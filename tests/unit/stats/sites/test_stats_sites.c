/* test_stats_sites.c - the table of stacks: bounds, peaks, ends. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sites.h"

static struct sites *
make(uint32_t stacks, uint64_t rate)
{
    struct sites *table = calloc(1, sites_bytes(stacks));

    cr_assert_not_null(table);
    sites_init(table, stacks, rate);
    return table;
}

static struct site *
find(struct sites *table, uint64_t hash)
{
    uint64_t frame = hash;
    bool is_new;
    struct site *site = sites_find(table, hash, &is_new);

    if (is_new)
        sites_describe(table, site, &frame, 1);
    return site;
}

/* A rate of 1 byte: every weight is 1. */
static bool
begin(struct sites *table, struct site *site, uintptr_t buffer, uint64_t bytes)
{
    const struct sites_sample sample = {.bytes = bytes, .rate = 1, .thread = 1};

    return sites_begin(table, site, (void *)buffer, &sample);
}

static bool
end(struct sites *table, uintptr_t buffer)
{
    uint32_t tag;

    return sites_end(table, (void *)buffer, 1, 5000, &tag);
}

Test(sites, as_many_stacks_as_there_may_be_and_the_rest_in_one_place)
{
    for (uint32_t most = 1; most < 40; most += 7) {
        struct sites *table = make(most, 1);

        for (uint64_t hash = 1; hash <= most + 5; hash++)
            cr_assert(begin(table, find(table, hash * 977), hash << 12, 4096));
        cr_assert_eq(table->stacks, most);
        cr_assert_eq(sites_at(table, 0)->samples, 5);
        cr_assert_eq(sites_at(table, 0)->bytes, 5 * 4096);
        /* A known stack is still found. */
        cr_assert_neq(find(table, 977), sites_at(table, 0));
        free(table);
    }
}

Test(sites, the_peak_is_what_was_live_together)
{
    struct sites *table = make(16, 1);
    struct site *a = find(table, 11);
    struct site *b = find(table, 22);
    struct site *c = find(table, 33);

    begin(table, a, 0x1000, 5000);
    begin(table, a, 0x2000, 5000);
    end(table, 0x2000);
    begin(table, b, 0x3000, 9000); /* the peak: 5000 and 9000 */
    end(table, 0x1000);
    begin(table, c, 0x4000, 2000);
    cr_assert_eq(table->peak_bytes, 14000);
    cr_assert_eq(sites_peak(table, a).bytes, 5000);
    cr_assert_eq(sites_peak(table, b).bytes, 9000);
    cr_assert_eq(sites_peak(table, c).bytes, 0);
    cr_assert_eq(table->live_bytes, 11000);
    cr_assert_eq(a->live_bytes, 0);
    free(table);
}

Test(sites, an_end_is_told_once_with_lifetime_and_thread)
{
    struct sites *table = make(16, 1);
    struct site *site = find(table, 11);
    uint32_t tag = 0;
    const struct sites_sample sample = {
        .bytes = 4096, .rate = 1, .thread = 1, .now_ns = 1000, .tag = 77 << 16};

    sites_begin(table, site, (void *)0x5000, &sample);
    cr_assert(sites_end(table, (void *)0x5000, 2, 6000, &tag));
    cr_assert_not(sites_end(table, (void *)0x5000, 2, 6000, &tag));
    cr_assert_eq(tag, 77 << 16);
    cr_assert_eq(site->remote_frees, 1);
    cr_assert_eq(site->lifetime[2], 1, "5 us lie in [4, 16)");
    free(table);
}

Test(sites, after_a_reset_old_buffers_change_no_count)
{
    struct sites *table = make(16, 1);
    struct site *site = find(table, 11);

    begin(table, site, 0x1000, 4096);
    sites_reset(table);
    begin(table, site, 0x2000, 4096);
    cr_assert(end(table, 0x1000));
    cr_assert_eq(site->live_bytes, 4096);
    cr_assert_eq(site->frees, 0);
    cr_assert_eq(site->samples, 1);
    sites_restart(table);
    cr_assert_not(end(table, 0x2000), "a child does not know it");
    cr_assert_eq(site->hash, 11, "but the stack");
    free(table);
}

Test(sites, a_full_table_of_buffers_loses_records_and_says_so)
{
    struct sites *table = make(1, 1);
    struct site *site = find(table, 11);
    unsigned kept = 0;

    for (uintptr_t i = 1; i <= 100; i++)
        kept += begin(table, site, i << 12, 4096);
    cr_assert(kept > 0 && kept <= table->key_count);
    cr_assert_eq(table->lost, 100 - kept);
    cr_assert_eq(site->samples, 100);
    cr_assert_eq(site->live_bytes, (int64_t)kept * 4096);
    cr_assert_eq(table->peak_bytes, (int64_t)kept * 4096);
    free(table);
}

Test(sites, modules_are_told_apart_by_place_and_file)
{
    struct sites *table = make(16, 1);
    struct sites_module module = {.start = 1, .base = 1, .path = "a"};

    cr_assert_eq(sites_module(table, &module), 0);
    cr_assert_eq(sites_module(table, &module), 0);
    module.path[0] = 'b';
    cr_assert_eq(sites_module(table, &module), 1);
    for (unsigned i = 0; i < SITES_MODULES + 3; i++) {
        module.start = 100 + i;
        sites_module(table, &module);
    }
    cr_assert_eq(sites_module(table, &module), SITES_NO_MODULE);
    cr_assert_eq(table->modules, SITES_MODULES);
    free(table);
}

Test(sites, a_table_from_elsewhere_is_tamed_or_refused)
{
    size_t bytes = sites_shared_bytes(16);
    struct sites *table = make(16, 1);
    struct site *site = find(table, 11);

    cr_assert(sites_tame(table, bytes));
    cr_assert_not(sites_tame(table, bytes - 1));
    cr_assert_not(sites_tame(table, sizeof(*table) - 1));
    cr_assert(site->ready);
    site->frame = UINT32_MAX;
    ((struct sites_module *)(uintptr_t)sites_module_at(table, 3))
        ->path[SITES_PATH_BYTES - 1] = 'x';
    table->site_count = UINT32_MAX;
    cr_assert(sites_tame(table, bytes));
    cr_assert_not(site->ready);
    cr_assert_lt(table->site_count, 100);
    cr_assert_eq(sites_module_at(table, 3)->path[SITES_PATH_BYTES - 1], 0);
    table->stacks_max = SITES_STACKS_MAX + 1;
    cr_assert_not(sites_tame(table, bytes));
    table->stacks_max = 0;
    cr_assert_not(sites_tame(table, bytes));
    free(table);
}
