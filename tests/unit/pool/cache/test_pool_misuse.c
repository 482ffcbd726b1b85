/* test_pool_misuse.c - pointers that must not be put, and changed contents. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <setjmp.h>

#include "misuse_fixture.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "region.h"
#include "slot_place.h"

static struct {
    unsigned calls;
    size_t offset;
} damage;

static void
on_damage(const void *ptr, size_t bytes, size_t offset)
{
    (void)ptr;
    (void)bytes;
    damage.calls++;
    damage.offset = offset;
}

static void
start(void)
{
    pool_on_damage = on_damage;
    watch_misuse();
}

static void
expect(void *ptr, enum pool_misuse kind, size_t bytes)
{
    unsigned before = reported.calls;

    cr_assert_eq(pool_put(ptr), CACHE_PUT_MISUSED);
    cr_assert_eq(reported.calls, before + 1);
    cr_assert_eq(reported.kind, kind);
    cr_assert_eq(reported.ptr, ptr);
    cr_assert_eq(reported.bytes, bytes);
    cr_assert_null(pool_check());
}

Test(pool_misuse, a_second_put_in_every_class, .init = start)
{
    for (unsigned bin = 0; bin < SIZE_CLASSES; bin++) {
        void *ptr = pool_get(bin_info[bin].slot_bytes);

        (void)pool_put(ptr);
        expect(ptr, POOL_DOUBLE_FREE, bin_info[bin].slot_bytes);
        expect(ptr, POOL_DOUBLE_FREE, bin_info[bin].slot_bytes);
    }
}

Test(pool_misuse, every_offset_into_a_buffer, .init = start)
{
    for (unsigned bin = 0; bin < SIZE_CLASSES; bin++) {
        size_t bytes = bin_info[bin].slot_bytes;
        char *ptr = pool_get(bytes);

        for (size_t at = 1; at < bytes; at++) {
            unsigned before = reported.calls;

            cr_assert_eq(pool_put(ptr + at), CACHE_PUT_MISUSED, "%zu", at);
            cr_assert_eq(reported.calls, before + 1);
            cr_assert_eq(reported.kind, at % 16 != 0 ? POOL_MISALIGNED_FREE
                                                     : POOL_INTERIOR_FREE);
        }
        cr_assert_eq(pool_put(ptr), CACHE_PUT_DONE);
    }
    cr_assert_null(pool_check());
}

static void *
put_it(void *ptr)
{
    (void)pool_put(ptr);
    return NULL;
}

Test(pool_misuse, a_second_put_by_another_thread, .init = start)
{
    void *ptr = pool_get(3000);
    pthread_t thread;

    (void)pool_put(ptr);
    pthread_create(&thread, NULL, put_it, ptr);
    pthread_join(thread, NULL);
    cr_assert_eq(reported.calls, 1);
    cr_assert_eq(reported.kind, POOL_DOUBLE_FREE);
}

Test(pool_misuse, a_second_put_after_a_purge, .init = start)
{
    void *ptr = pool_get(30000);
    void *kept = pool_get(30000);

    (void)pool_put(ptr);
    (void)pool_purge();
    expect(ptr, POOL_DOUBLE_FREE, bin_info[size_bin(30000)].slot_bytes);
    (void)pool_put(kept);
    (void)pool_purge();
    cr_assert_eq(pool_put(ptr), CACHE_PUT_MISUSED);
}

Test(pool_misuse, memory_never_handed_out, .init = start)
{
    char *ptr = pool_get(65536);
    const char *last = region_slab_start(region.slabs - 1);

    cr_assert_eq(pool_put(ptr + slot_offset(&bin_info[size_bin(65536)], 20)),
                 CACHE_PUT_MISUSED);
    cr_assert_eq(reported.kind, POOL_WILD_FREE);
    cr_assert_eq(pool_put((void *)(uintptr_t)last), CACHE_PUT_MISUSED);
    cr_assert_eq(reported.kind, POOL_WILD_FREE);
    cr_assert_eq(pool_put(&start), CACHE_PUT_FOREIGN);
    cr_assert_eq(pool_put(NULL), CACHE_PUT_FOREIGN);
    cr_assert_eq(pool_page()->wild_frees, 2);
}

Test(pool_misuse, the_bin_of_what_is_not_handed_out, .init = start)
{
    char *ptr = pool_get(7000);

    cr_assert_eq(cache_slot_bin(ptr), (int)size_bin(7000));
    cr_assert_eq(cache_slot_bin(ptr + 64), CACHE_BIN_MISUSED);
    (void)pool_put(ptr);
    cr_assert_eq(cache_slot_bin(ptr), CACHE_BIN_MISUSED);
    cr_assert_eq(cache_slot_bin(&start), CACHE_BIN_FOREIGN);
}

Test(pool_misuse, nothing_is_handed_out_twice_after_a_double_put, .init = start)
{
    void *ptr = pool_get(4000);
    void *one, *two;

    (void)pool_put(ptr);
    (void)pool_put(ptr);
    one = pool_get(4000);
    two = pool_get(4000);
    cr_assert_neq(one, two);
}

static void
start_filling(void)
{
    struct pool_config config = pool_config_default;

    config.check_fill = true;
    pool_on_damage = on_damage;
    cr_assert(pool_init(&config));
}

Test(pool_misuse, a_write_after_a_put_is_seen, .init = start_filling)
{
    static const size_t offset[] = {0, 1, 63, 1000, 4095, 4999};

    for (unsigned i = 0; i < 6; i++) {
        char *ptr = pool_get(5000);

        memset(ptr, 0, 5000);
        (void)pool_put(ptr);
        ptr[offset[i]] ^= 1;
        cr_assert_eq(pool_get(5000), ptr);
        cr_assert_eq(damage.calls, i + 1);
        cr_assert_eq(damage.offset, offset[i]);
        (void)pool_put(ptr);
        cr_assert_eq(pool_get(5000), ptr);
        cr_assert_eq(damage.calls, i + 1);
        (void)pool_put(ptr);
    }
}

static jmp_buf outside;

static void
leave_on_damage(const void *ptr, size_t bytes, size_t offset)
{
    on_damage(ptr, bytes, offset);
    longjmp(outside, 1);
}

/* As a program does that handles SIGABRT and goes on. */
Test(pool_misuse, a_thread_that_leaves_the_report_of_damage_is_served,
     .init = start_filling)
{
    char *volatile ptr = pool_get(5000);

    pool_on_damage = leave_on_damage;
    (void)pool_put(ptr);
    ptr[100] ^= 1;
    if (setjmp(outside) == 0)
        (void)pool_get(5000);
    cr_assert_eq(damage.calls, 1);
    for (unsigned i = 0; i < 10; i++) {
        void *next = pool_get(5000);

        cr_assert_not_null(next);
        cr_assert_eq(pool_put(next), CACHE_PUT_DONE);
    }
    cr_assert_null(pool_check());
}

Test(pool_misuse, zeroing_clears_what_is_put)
{
    struct pool_config config = pool_config_default;
    char *ptr;

    config.zero_on_free = true;
    cr_assert(pool_init(&config));
    ptr = pool_get(5000);
    memset(ptr, 7, 5000);
    (void)pool_put(ptr);
    for (unsigned i = 0; i < 5000; i++)
        cr_assert(ptr[i] == 0);
}

Test(pool_misuse, memory_that_was_returned_is_not_damaged,
     .init = start_filling)
{
    void *ptr[50];

    for (unsigned i = 0; i < 50; i++)
        ptr[i] = pool_get(5000);
    for (unsigned i = 0; i < 49; i++)
        (void)pool_put(ptr[i]);
    cr_assert(pool_purge() > 0);
    for (unsigned i = 0; i < 49; i++)
        ptr[i] = pool_get(5000);
    cr_assert_eq(damage.calls, 0);
}
