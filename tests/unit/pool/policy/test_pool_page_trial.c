/* test_pool_page_trial.c - thp:auto over real memory: who gets huge pages. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "os.h"
#include "page_trial.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "slab.h"

enum {
    BYTES = 16384,
    COUNT = (96 << 20) / BYTES,
    SMALL_COUNT = (14 << 20) / BYTES,
};

static char *ptr[COUNT];

static void
start(void)
{
    struct pool_config config = pool_config_default;

    config.thp = POOL_THP_AUTO;
    cr_assert(pool_init(&config));
}

/* As many bytes of each buffer are written, and read as zero before. */
static void
fill(size_t written)
{
    for (size_t i = 0; i < COUNT; i++) {
        ptr[i] = pool_get_zero(BYTES);
        cr_assert_not_null(ptr[i]);
        for (size_t at = 0; at < written; at += SMALL_PAGE_BYTES / 2) {
            cr_assert_eq(ptr[i][at], 0);
            ptr[i][at] = 1;
        }
    }
}

static void
assert_sound(void)
{
    const char *broken = pool_check();

    cr_assert_null(broken, "%s", broken);
}

static unsigned
huge_slabs(void)
{
    unsigned count = 0;

    for (uint32_t number = region_next_used(0); number != UINT32_MAX;
         number = region_next_used(number + 1))
        count += slab_at(number)->huge;
    return count;
}

static size_t
resident_bytes(void)
{
    size_t bytes = 0;

    for (uint32_t number = region_next_used(0); number != UINT32_MAX;
         number = region_next_used(number + 1))
        bytes += (size_t)os_resident_pages(region_slab_start(number),
                                           SLAB_USED_BYTES) *
                 SMALL_PAGE_BYTES;
    return bytes;
}

Test(page_trial, a_bin_that_fills_its_pages_is_looked_at)
{
    start();
    fill(BYTES);
    assert_sound();
    if (os_page_bytes() != SMALL_PAGE_BYTES) {
        cr_assert_eq(huge_slabs(), 0, "no trial of pages as large as a slab");
        return;
    }
    cr_assert(huge_slabs() >= 1);
    /* As much more as page_trial.h says, and what colours slots. */
    cr_assert(resident_bytes() <=
                  (size_t)COUNT * BYTES / 7 * 8 / 8 * 9 + (4 << 20),
              "%zu MB", resident_bytes() >> 20);
}

Test(page_trial, one_that_does_not_has_small_pages)
{
    start();
    fill(1);
    assert_sound();
    cr_assert_eq(huge_slabs(), 0);
    cr_assert(resident_bytes() <= (size_t)COUNT * 2 * SMALL_PAGE_BYTES,
              "%zu MB", resident_bytes() >> 20);
}

Test(page_trial, where_residence_can_not_be_asked_no_advice_is_given)
{
    os_forbid_residence(true);
    start();
    fill(BYTES);
    assert_sound();
    cr_assert_eq(huge_slabs(), 0);
}

Test(page_trial, small_pools_have_small_pages)
{
    start();
    for (size_t i = 0; i < SMALL_COUNT; i++) {
        char *small = pool_get(BYTES);

        cr_assert_not_null(small);
        memset(small, 1, BYTES);
    }
    cr_assert_eq(huge_slabs(), 0);
}

Test(page_trial, what_was_huge_is_purged_and_used_again)
{
    start();
    for (unsigned round = 0; round < 3; round++) {
        fill(BYTES);
        for (size_t i = 0; i < COUNT; i++)
            (void)pool_put(ptr[i]);
        (void)pool_purge();
        assert_sound();
    }
}
