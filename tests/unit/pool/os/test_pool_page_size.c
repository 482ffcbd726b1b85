/* test_pool_page_size.c - pages of other sizes than 4 KB. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

#include "os.h"
#include "page.h"
#include "pool.h"
#include "region.h"
#include "space.h"

static void
set_page(const char *bytes)
{
    cr_assert_eq(setenv("MIDPOOL_TEST_PAGE_BYTES", bytes, 1), 0);
}

Test(pool_page_size, is_the_one_that_the_environment_names)
{
    const char *named = getenv("MIDPOOL_TEST_PAGE_BYTES");

    cr_assert_eq(os_page_bytes(), named != NULL
                                      ? strtoul(named, NULL, 10)
                                      : (size_t)sysconf(_SC_PAGESIZE));
}

Test(pool_page_size, pages_of_64_kb_serve)
{
    set_page("65536");
    cr_assert(pool_init(&pool_config_default));
    cr_assert_eq(os_page_bytes(), 65536);
    cr_assert_eq(pool_page()->active, 1);
}

Test(pool_page_size, larger_ones_leave_the_pools_inactive)
{
    set_page("131072");
    cr_assert_not(pool_init(&pool_config_default));
    cr_assert_str_eq(pool_page()->reason,
                     "the system's pages are larger than 64 KB");
    cr_assert_eq(pool_page()->active, 0);
}

Test(pool_page_size, memory_is_returned_in_whole_pages_only)
{
    char *memory;

    set_page("16384");
    memory = os_reserve(65536, 65536);
    cr_assert(os_commit(memory, 65536));
    __builtin_memset(memory, 1, 65536);
    cr_assert_not(os_purge(memory + 4096, 16384));
    cr_assert_not(os_purge(memory, 4096));
    cr_assert_not(os_purge(memory, 16384 + 4096));
    for (unsigned i = 0; i < 65536; i++)
        cr_assert_eq(memory[i], 1, "byte %u", i);
    cr_assert(os_purge(memory + 16384, 16384));
    for (unsigned i = 0; i < 65536; i++)
        cr_assert_eq(memory[i], i / 16384 != 1, "byte %u", i);
}

Test(pool_page_size, a_place_within_a_page_is_none_for_a_mapping)
{
    char *memory;

    set_page("16384");
    memory = os_reserve(65536, 65536);
    os_release(memory, 65536);
    cr_assert_not(os_map_at(memory + 4096, 4096));
    cr_assert(os_map_at(memory, 4096));
    cr_assert_not(os_map_at(memory + 16384 - 4096, 4096),
                  "a part of the first");
    memory[16383] = 1;
    cr_assert_not(os_commit(memory + 4096, 4096));
    cr_assert_eq(memory[16383], 1);
}

/* Two slabs' state words share a page of 64 KB. */
Test(pool_page_size, slabs_from_both_ends_have_state_words)
{
    set_page("65536");
    cr_assert(pool_init(&pool_config_default));
    for (unsigned i = 0; i < 40; i++) {
        uint32_t number = region_extend(i % 3 == 0);

        cr_assert_neq(number, UINT32_MAX);
        *region_slab_start(number) = 1;
        *region_state(region_slab_start(number) + SLAB_BYTES - 1) = 1;
        *region_state(region_slab_start(number)) = 1;
        region_slab_start(number)[SLAB_USED_BYTES - 1] = 1;
    }
}
