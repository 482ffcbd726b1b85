/*
 * test_pool_double.c - slots that two threads put in the same nanoseconds, so
 * that both got through.
 */
#include <criterion/criterion.h>
#include <pthread.h>

#include "block.h"
#include "misuse_fixture.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "region.h"
#include "slab.h"

/* As if the state word had been read before the first put wrote it. */
static void
put_again(void *ptr, uint32_t word)
{
    *region_state(ptr) = word;
    cr_assert_eq(pool_put(ptr), CACHE_PUT_DONE);
}

enum { FEW = 100, ALL = 400 }; /* gets: to fill magazines, to empty them */

/* How often ptr is among so many. */
static unsigned
times_got(const void *ptr, unsigned gets)
{
    static void *got[ALL];
    unsigned times = 0;

    for (unsigned i = 0; i < gets; i++) {
        got[i] = pool_get(4096);
        times += got[i] == ptr;
    }
    for (unsigned i = 0; i < gets; i++)
        cr_assert_eq(pool_put(got[i]), CACHE_PUT_DONE);
    return times;
}

Test(pool_double, a_slot_that_is_twice_in_a_magazine_is_got_once,
     .init = watch_misuse)
{
    void *ptr = pool_get(4096);
    uint32_t word = *region_state(ptr);

    (void)times_got(NULL, FEW);
    cr_assert_eq(pool_put(ptr), CACHE_PUT_DONE);
    put_again(ptr, word);
    cr_assert_eq(times_got(ptr, ALL), 1);
}

static void *twice;
static uint32_t twice_word;

/* In a magazine, which goes to the depot when the thread ends. */
static void *
put_twice(void *unused)
{
    (void)times_got(NULL, FEW);
    put_again(twice, twice_word);
    return unused;
}

static void *
put_twice_and_purge(void *unused)
{
    put_again(twice, twice_word);
    (void)pool_purge();
    return unused;
}

/* A slot in this thread's magazine and, by another thread, elsewhere. */
static void
put_by_two(void *(*other)(void *))
{
    pthread_t thread;

    twice = pool_get(4096);
    twice_word = *region_state(twice);
    (void)times_got(NULL, FEW);
    cr_assert_eq(pool_put(twice), CACHE_PUT_DONE);
    pthread_create(&thread, NULL, other, NULL);
    pthread_join(thread, NULL);
}

static void
expect_found(void)
{
    cr_assert_eq(reported.calls, 1);
    cr_assert_eq(reported.kind, POOL_DOUBLE_FREE);
    cr_assert_eq(reported.ptr, twice);
    cr_assert_eq(reported.bytes, 4096);
    cr_assert_null(pool_check(), "%s", pool_check());
}

Test(pool_double, a_slot_that_two_threads_put_is_got_once, .init = watch_misuse)
{
    put_by_two(put_twice);
    cr_assert_eq(times_got(twice, ALL), 1);
    expect_found();
}

Test(pool_double, a_slot_that_two_threads_put_is_once_in_its_slab,
     .init = watch_misuse)
{
    put_by_two(put_twice_and_purge);
    cr_assert_eq(reported.calls, 0);
    (void)pool_purge();
    expect_found();
    cr_assert_eq(times_got(twice, ALL), 1);
}

Test(pool_double, a_slot_that_two_threads_put_is_found_at_the_end_at_last,
     .init = watch_misuse)
{
    put_by_two(put_twice);
    cr_assert_eq(reported.calls, 0);
    pool_stats_end();
    expect_found();
}

/* An idle slot that a fast path is at: this thread's, or a later block's. */
static unsigned
reports_of_moving(unsigned blocks_later, bool epoch_later)
{
    twice = pool_get(4096);
    twice_word = *region_state(twice);
    (void)times_got(NULL, FEW);
    cr_assert_eq(pool_put(twice), CACHE_PUT_DONE);
    twice_word += blocks_later << (STATE_TAG_SHIFT + BLOCK_EPOCH_BITS);
    *region_state(twice) = twice_word + STATE_MOVING;
    if (epoch_later)
        block_new_epoch();
    cr_assert_eq(times_got(twice, ALL), 0);
    return reported.calls;
}

Test(pool_double, what_a_handler_finds_at_hand_is_no_misuse,
     .init = watch_misuse)
{
    cr_assert_eq(reports_of_moving(0, false), 0);
}

/* After a reset, or in a child that the handler forked. */
Test(pool_double, what_a_handler_finds_at_hand_of_an_earlier_epoch_is_none,
     .init = watch_misuse)
{
    cr_assert_eq(reports_of_moving(0, true), 0);
}

Test(pool_double, what_another_thread_has_at_hand_was_put_twice,
     .init = watch_misuse)
{
    cr_assert_eq(reports_of_moving(1, false), 1);
    cr_assert_eq(reported.ptr, twice);
}

Test(pool_double, a_slot_that_its_slab_has_is_not_got_off_a_magazine,
     .init = watch_misuse)
{
    put_by_two(put_twice_and_purge);
    cr_assert_eq(times_got(twice, ALL), 1);
    expect_found();
}

Test(pool_double, a_slot_that_was_got_since_stays_out_of_its_slab,
     .init = watch_misuse)
{
    char *got = NULL;

    put_by_two(put_twice);
    for (unsigned i = 0; i < ALL && got != twice; i++)
        got = pool_get(4096);
    cr_assert_eq(got, twice);
    memset(got, 7, 4096);
    (void)pool_purge();
    expect_found();
    for (unsigned i = 0; i < 4096; i++)
        cr_assert_eq(got[i], 7);
    cr_assert_eq(pool_put(got), CACHE_PUT_DONE);
    (void)pool_purge();
    cr_assert_null(pool_check(), "%s", pool_check());
}

static pthread_barrier_t both;

/*
 * Gets the first slot of a new slab, puts it when the main thread has put it
 * too, and returns all idle memory to the system.
 */
static void *
put_first_of_new_slab(void *unused)
{
    twice = pool_get(4096);
    twice_word = *region_state(twice);
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    put_again(twice, twice_word);
    (void)pool_purge();
    return unused;
}

/*
 * A second copy of a slot lies in this thread's magazine; the first is in its
 * slab, which became empty and has no bin any more.
 */
static void
outlive_slab(void)
{
    unsigned bin = size_bin(4096);
    static void *full[SLAB_BYTES / 4096];
    pthread_t thread;

    for (unsigned i = 0; i < bin_info[bin].slots; i++)
        full[i] = pool_get(4096);
    pthread_barrier_init(&both, NULL, 2);
    pthread_create(&thread, NULL, put_first_of_new_slab, NULL);
    pthread_barrier_wait(&both);
    for (unsigned i = 0; i < FEW; i++)
        cr_assert_eq(pool_put(full[i]), CACHE_PUT_DONE);
    cr_assert_eq(pool_put(twice), CACHE_PUT_DONE);
    pthread_barrier_wait(&both);
    pthread_join(thread, NULL);
    cr_assert_eq(region_slab_bin[region_number(twice)], 0);
    cr_assert_eq(reported.calls, 0);
}

/* The slab serves another bin, whose slots were got and put already. */
static void
give_slab_to(size_t bytes)
{
    uint16_t *serves = &region_slab_bin[region_number(twice)];
    uint16_t offset = bin_offset(size_bin(bytes));
    static void *got[SLAB_BYTES / BAND_MIN_BYTES];
    unsigned count = 0;

    while (*serves != offset && count < SLAB_BYTES / bytes)
        got[count++] = pool_get(bytes);
    cr_assert_eq(*serves, offset);
    while (count > 0)
        cr_assert_eq(pool_put(got[--count]), CACHE_PUT_DONE);
}

Test(pool_double, a_copy_that_outlives_its_slab_is_not_got,
     .init = watch_misuse)
{
    outlive_slab();
    cr_assert_eq(times_got(twice, 1), 0);
    expect_found();
}

Test(pool_double, a_copy_is_not_got_from_a_slab_of_another_bin,
     .init = watch_misuse)
{
    outlive_slab();
    give_slab_to(3072);
    cr_assert_eq(times_got(twice, 1), 0);
    expect_found();
}

/* Slots there that are not handed out yet, warm ones for a change. */
Test(pool_double, a_copy_is_not_got_from_a_slab_readied_for_another_bin,
     .init = watch_misuse)
{
    outlive_slab();
    cr_assert_gt(pool_warm(2048, 64), 0);
    cr_assert_eq(region_slab_bin[region_number(twice)],
                 bin_offset(size_bin(2048)));
    cr_assert_eq(times_got(twice, 1), 0);
    expect_found();
}

Test(pool_double, a_copy_is_got_once_if_the_slab_has_its_bin_again,
     .init = watch_misuse)
{
    outlive_slab();
    cr_assert_eq(times_got(twice, ALL), 1);
    expect_found();
}

Test(pool_double, a_copy_does_not_enter_a_slab_that_has_no_bin,
     .init = watch_misuse)
{
    outlive_slab();
    (void)pool_purge();
    expect_found();
}

Test(pool_double, a_copy_does_not_enter_a_slab_of_another_bin,
     .init = watch_misuse)
{
    outlive_slab();
    give_slab_to(3072);
    (void)pool_purge();
    expect_found();
}
