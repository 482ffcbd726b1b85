/*
 * test_stats_page_check.c - pages from outside: foreign, damaged, hostile.
 *
 * The random pages here are few; under the address sanitizer they show that
 * a tamed page is never read beyond its end.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "page_check.h"
#include "stats_fixture.h"

enum { RANDOM_PAGES = 200 };

Test(stats_page_check, a_page_of_ours_has_no_fault)
{
    struct stats_header *page = fixture_busy_page();
    cr_expect(page_header_fault(page) == NULL);
    cr_expect(eq(sz, page_used_bytes(page), FIXTURE_BYTES));
}

Test(stats_page_check, faults_are_told_apart)
{
    struct stats_header *page = fixture_page();
    page->layout++;
    cr_expect(contains(page_header_fault(page), "another version"));
    page = fixture_page();
    page->blocks_used = PAGE_BLOCKS + 1;
    cr_expect(contains(page_header_fault(page), "damaged"));
    page = fixture_page();
    page->block_bytes = 4096;
    cr_expect(contains(page_header_fault(page), "damaged"));
    page->magic[7] = 'x';
    cr_expect(contains(page_header_fault(page), "not a page"));
}

Test(stats_page_check, used_bytes_stay_within_the_limits)
{
    struct stats_header *page = fixture_page();
    page->blocks_used = 0;
    cr_expect(eq(sz, page_used_bytes(page), PAGE_HEADER_BYTES));
    page->blocks_used = UINT32_MAX;
    cr_expect(
        eq(sz, page_used_bytes(page), (size_t)PAGE_BLOCKS * PAGE_BLOCK_BYTES));
}

Test(stats_page_check, taming_changes_nothing_in_a_good_page)
{
    static union fixture_bytes before;
    struct stats_header *page = fixture_busy_page();
    memcpy(&before, page, FIXTURE_BYTES);
    page_tame(page, FIXTURE_BYTES);
    cr_expect(memcmp(&before, page, FIXTURE_BYTES) == 0);
}

Test(stats_page_check, indices_counts_and_strings_are_brought_into_range)
{
    struct stats_header *page = fixture_page();
    memset(page->class_pool, 0xff, sizeof(page->class_pool));
    memset(page->bin_class, 0xff, sizeof(page->bin_class));
    page->intervals = UINT32_MAX;
    page->warn_below = UINT32_MAX;
    page->blocks_used = PAGE_BLOCKS;
    page_tame(page, PAGE_HEADER_BYTES + PAGE_BLOCK_BYTES);
    cr_expect(eq(u8, page->class_pool[0], PAGE_POOLS - 1));
    cr_expect(eq(u8, page->bin_class[PAGE_BINS - 1], PAGE_CLASSES - 1));
    cr_expect(eq(u32, page->intervals, PAGE_INTERVALS));
    cr_expect(eq(u32, page->warn_below, 100));
    cr_expect(eq(u32, page->blocks_used, PAGE_FIRST_BLOCK + 1));
}

/* Fills a string of the page to the brim, has it tamed, and looks. */
static bool
is_ended(struct stats_header *page, char *text, size_t size)
{
    memset(text, 'x', size);
    page_tame(page, FIXTURE_BYTES);
    return memchr(text, '\0', size) != NULL;
}

Test(stats_page_check, every_string_is_ended)
{
    struct stats_header *page = fixture_page();
    cr_expect(is_ended(page, page->reason, sizeof(page->reason)));
    cr_expect(is_ended(page, page->executable, sizeof(page->executable)));
    cr_expect(is_ended(page, page->build_id, sizeof(page->build_id)));
    cr_expect(is_ended(page, page->host, sizeof(page->host)));
    cr_expect(is_ended(page, page->config, sizeof(page->config)));
}

static uint64_t
next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

Test(stats_page_check, random_pages_are_rendered_without_harm)
{
    static char buf[REPORT_MAX_BYTES];
    static struct stats_snapshot snap;
    static const struct report_style style = {.width = 80, .all = true};
    uint64_t state = 42;
    for (int i = 0; i < RANDOM_PAGES; i++) {
        struct stats_header *page = malloc(FIXTURE_BYTES);
        cr_assert(page != NULL);
        for (size_t w = 0; w < FIXTURE_BYTES / sizeof(uint64_t); w++)
            ((uint64_t *)page)[w] = next_random(&state);
        page_tame(page, FIXTURE_BYTES);
        stats_snapshot_take(&snap, page, (int64_t)next_random(&state));
        for (int format = REPORT_TEXT; format < REPORT_NONE; format++) {
            size_t length = report_render((enum report_format)format, &style,
                                          &snap, buf, sizeof(buf));
            cr_assert(length > 0 && buf[length - 1] == '\n');
        }
        free(page);
    }
}
