/*
 * test_pool_large_memory.c - machines with more memory than any that the
 * tests run on, up to 16 TB.
 *
 * The linker puts __wrap_os_physical_bytes in the place of os_physical_bytes.
 * No memory is touched: a region of 256 GB is free addresses.
 */
#include <criterion/criterion.h>

#include "os.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "slab.h"

#define GB ((uint64_t)1 << 30)
#define TB ((uint64_t)1 << 40)

uint64_t __wrap_os_physical_bytes(void);

static uint64_t feigned_bytes;

uint64_t
__wrap_os_physical_bytes(void)
{
    return feigned_bytes;
}

static void
start_with(uint64_t bytes)
{
    feigned_bytes = bytes;
    cr_assert(pool_init(&pool_config_default));
}

/* The last number of a set, and that nothing is found behind it. */
static void
expect_last_of_set(void)
{
    static uint64_t word[REGION_SLABS_MAX / 64];
    struct slab_set set = {.word = word};
    uint32_t last = region.slabs - 1;

    slab_set_add(&set, last);
    cr_assert_eq(slab_set_next(&set, 0), last);
    cr_assert_eq(slab_set_next(&set, last), last);
    cr_assert_eq(slab_set_next(&set, last + 1), UINT32_MAX);
    slab_set_add(&set, 5);
    cr_assert_eq(slab_set_next(&set, 0), 5);
    cr_assert_eq(slab_set_next(&set, 6), last);
    slab_set_remove(&set, last);
    cr_assert_eq(slab_set_next(&set, 6), UINT32_MAX);
}

/* A slab from the top, the region's last one, serves, empties and returns. */
static void
use_the_last_slab(void)
{
    unsigned bin = size_bin(65536);
    uint32_t number;

    lock_acquire(&slab_lock);
    number = slab_assign_clean(bin, true);
    cr_assert_eq(number, region.slabs - 1);
    cr_assert_eq(region_next_used(number), number);
    cr_assert_eq(region_next_used(number + 1), UINT32_MAX);
    lock_release(&slab_lock);

    char *buffer = pool_get(65536);

    cr_assert_eq(region_number(buffer), number);
    buffer[0] = 1;
    buffer[65535] = 1;
    cr_assert_eq(pool_put(buffer), CACHE_PUT_DONE);
    (void)pool_purge();
    cr_assert_eq(slab_set_next(&clean_slabs, 0), region_other(number));
    cr_assert_eq(slab_set_next(&clean_slabs, number), number);
    cr_assert_eq(slab_set_next(&clean_slabs, number + 1), UINT32_MAX);
}

/* Both slabs of the huge page are clean: small pages come from elsewhere. */
static void
get_beside_a_clean_last_slab(void)
{
    char *buffer = pool_get(2048);

    cr_assert_not_null(buffer);
    cr_assert_lt(region_number(buffer), region.slabs - HUGE_PAGE_SLABS);
    buffer[0] = 1;
    buffer[2047] = 1;
    cr_assert_null(pool_check());
}

static void
try_memory_of(uint64_t bytes)
{
    start_with(bytes);
    expect_last_of_set();
    use_the_last_slab();
    get_beside_a_clean_last_slab();
}

#define MEMORY_OF(name, bytes)                                                 \
    Test(pool_large_memory, name)                                              \
    {                                                                          \
        try_memory_of(bytes);                                                  \
    }

MEMORY_OF(a_gigabyte, GB)
MEMORY_OF(just_below_128_gigabytes, 128 * GB - 4096)
MEMORY_OF(of_128_gigabytes, 128 * GB)
MEMORY_OF(of_512_gigabytes, 512 * GB)
MEMORY_OF(a_terabyte, TB)
MEMORY_OF(of_16_terabytes, 16 * TB)
MEMORY_OF(unknown, 0)
