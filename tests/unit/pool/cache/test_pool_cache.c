/*
 * test_pool_cache.c - buffers that a thread keeps, hands over and gives back.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#include "account.h"
#include "block.h"
#include "note.h"
#include "operation.h"
#include "os.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "snapshot.h"
#include "thread.h"

enum { MANY = 2000 };

static void *ptr[MANY];

static void
start(void)
{
    cr_assert(pool_init(&pool_config_default));
}

static void
assert_sound(const char *when)
{
    const char *broken = pool_check();

    cr_assert_null(broken, "%s: %s", when, broken);
}

static void
get_many(unsigned count, size_t bytes)
{
    for (unsigned i = 0; i < count; i++) {
        ptr[i] = pool_get(bytes);
        cr_assert_not_null(ptr[i]);
    }
}

static void
put_many(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        cr_assert_eq(pool_put(ptr[i]), CACHE_PUT_DONE);
}

struct sums {
    uint64_t gets, puts, misses, depot_hits, remote_puts;
};

static struct sums
sum_of(unsigned bin)
{
    struct sums sum = {0};

    for (uint32_t i = BLOCK_SHARED; i < blocks_used(); i++) {
        const struct stats_hot *hot = &stats_block_at(pool_page(), i)->hot[bin];

        sum.gets += recent_gets(hot);
        sum.puts += hot->puts;
        sum.misses += hot->misses;
        sum.depot_hits += hot->depot_hits;
        sum.remote_puts += hot->remote_puts;
    }
    return sum;
}

Test(pool_cache, a_pair_in_a_loop_misses_once, .init = start)
{
    for (unsigned i = 0; i < 1000; i++)
        cr_assert_eq(pool_put(pool_get(5000)), CACHE_PUT_DONE);

    struct sums sum = sum_of(size_bin(5000));

    cr_assert_eq(sum.gets, 1000);
    cr_assert_eq(sum.puts, 1000);
    cr_assert_eq(sum.misses, 1);
    assert_sound("after a loop");
}

/* Requests that can not be served may be as large as numbers go. */
Test(pool_cache, the_sum_of_fallback_bytes_does_not_wrap, .init = start)
{
    static const size_t bytes[] = {100000,      PTRDIFF_MAX, PTRDIFF_MAX,
                                   PTRDIFF_MAX, SIZE_MAX,    200000};
    uint64_t sum = 0;

    for (unsigned i = 0; i < 6; i++)
        cache_count_slow(bytes[i]);
    for (uint32_t i = BLOCK_SHARED; i < blocks_used(); i++)
        sum += stats_block_at(pool_page(), i)->above_bytes;
    cr_assert_eq(sum, 300000);
}

Test(pool_cache, everything_put_is_served_again_without_a_miss, .init = start)
{
    for (unsigned bin = 0; bin < SIZE_CLASSES; bin++) {
        size_t bytes = bin_info[bin].slot_bytes;

        uint64_t misses;

        get_many(100, bytes);
        put_many(100);
        misses = sum_of(bin).misses;
        get_many(100, bytes);
        cr_assert_eq(sum_of(bin).misses, misses, "class %zu", bytes);
        put_many(100);
    }
    assert_sound("after all classes");
}

Test(pool_cache, a_cache_stays_within_cache_max)
{
    struct pool_config config = pool_config_default;
    uint64_t cached = 0;

    config.cache_max_bytes = 1 << 20;
    cr_assert(pool_init(&config));
    for (size_t bytes = 2048; bytes <= 65536; bytes += 1024) {
        get_many(MANY / 10, bytes);
        put_many(MANY / 10);
    }
    assert_sound("all sizes");
    for (unsigned bin = 0; bin < BINS; bin++)
        cached += (uint64_t)block_own()->bin[bin].rounds * bin_info[bin].stride;
    cr_assert(cached <= config.cache_max_bytes, "%lu bytes granted", cached);
    cr_assert_eq(cached, block_own()->granted_bytes);
}

static void *
put_all(void *unused)
{
    put_many(MANY);
    return unused;
}

Test(pool_cache, what_another_thread_put_serves_this_one, .init = start)
{
    pthread_t thread;
    unsigned bin = size_bin(3000);

    get_many(MANY, 3000);
    pthread_create(&thread, NULL, put_all, NULL);
    pthread_join(thread, NULL);
    assert_sound("after the other thread");
    cr_assert_eq(sum_of(bin).remote_puts, MANY);
    get_many(MANY, 3000);
    cr_assert_eq(sum_of(bin).misses, MANY);
    cr_assert_eq(sum_of(bin).depot_hits + sum_of(bin).misses <= 2 * MANY, 1);
    put_many(MANY);
    assert_sound("at the end");
}

static void *
use_some(void *unused)
{
    uint64_t random = 99;
    void *own[50];

    for (unsigned i = 0; i < 50; i++)
        own[i] = pool_get(pool_draw_size(&random));
    for (unsigned i = 0; i < 50; i++)
        (void)pool_put(own[i]);
    return unused;
}

Test(pool_cache, blocks_of_ended_threads_serve_new_ones, .init = start)
{
    for (unsigned i = 0; i < 300; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, use_some, NULL);
        pthread_join(thread, NULL);
    }
    assert_sound("after 300 threads");
    cr_assert(blocks_used() <= BLOCK_FIRST + 2);
    cr_assert_eq(pool_page()->threads_now, 0);
    cr_assert_eq(pool_page()->threads_peak, 1);
}

static pthread_key_t late_key;

static void
late(void *value)
{
    static _Thread_local unsigned rounds;

    (void)pool_put(value);
    if (++rounds < 4)
        pthread_setspecific(late_key, pool_get(9000));
}

static void *
end_late(void *unused)
{
    pthread_setspecific(late_key, pool_get(9000));
    return unused;
}

Test(pool_cache, destructors_of_a_thread_may_get_and_put, .init = start)
{
    pthread_t thread;

    (void)pool_put(pool_get(9000));
    pthread_key_create(&late_key, late);
    for (unsigned i = 0; i < 20; i++) {
        pthread_create(&thread, NULL, end_late, NULL);
        pthread_join(thread, NULL);
    }
    assert_sound("after late destructors");
    cr_assert_eq(sum_of(size_bin(9000)).gets, sum_of(size_bin(9000)).puts);
}

/* More threads than blocks can not be made here; the shared block serves. */
Test(pool_cache, a_thread_without_a_cache_is_served, .init = start)
{
    struct cache *own = thread_cache();

    (void)own;
    cache_self = &cache_dead;
    get_many(200, 2048);
    put_many(100);
    cr_assert_eq(
        recent_gets(
            &stats_block_at(pool_page(), BLOCK_SHARED)->hot[size_bin(2048)]),
        200);
    cr_assert_eq(
        stats_block_at(pool_page(), BLOCK_SHARED)->hot[size_bin(2048)].puts,
        100);
    cr_assert_null(pool_check(), "%s", pool_check());
}

Test(pool_cache, a_handler_in_a_slow_path_is_refused_and_puts, .init = start)
{
    struct cache *cache;

    get_many(10, 20000);
    cache = thread_cache();
    cache_enter();
    cr_assert_null(pool_get(20000));
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(pool_put(ptr[i]), CACHE_PUT_DONE);
    cache_leave(cache);
    assert_sound("after the handler");
    get_many(10, 20000);
    put_many(10);
    assert_sound("at the end");
}

Test(pool_cache, reset_keeps_what_is_live_and_idle, .init = start)
{
    get_many(20, 4096);
    put_many(10);
    pool_stats_reset();
    cr_assert_eq(sum_of(size_bin(4096)).gets, 0);
    for (unsigned i = 10; i < 20; i++)
        (void)pool_put(ptr[i]);
    get_many(5, 4096);
    cr_assert_eq(sum_of(size_bin(4096)).misses, 0);
}

/* The shared block, which no thread got a slot in, has counts as well. */
Test(pool_cache, reset_keeps_what_was_put_without_a_cache, .init = start)
{
    unsigned bin = size_bin(4096);

    get_many(20, 4096);
    pool_stats_reset();

    struct cache *own = cache_self;

    cache_set_self(&cache_dead);
    put_many(10);
    cache_count_slow(100000);
    cache_note(bin, NOTE_BYPASS);
    cache_set_self(own);
    assert_sound("after the puts");
    cr_assert_eq(account_shared()->hot[bin].inherited_puts, 10);
    pool_stats_reset();
    cr_assert_eq(account_shared()->hot[bin].inherited_puts, 0);
    cr_assert_eq(account_shared()->above_bytes, 0);
    cr_assert_eq(account_shared()->cold[bin].bypasses, 0);
    assert_sound("after a reset");
}

static void *
get_and_put(void *unused)
{
    (void)pool_put(pool_get(4096));
    return unused;
}

/* As if the gets had come before a reset among threads, and the puts after. */
Test(pool_cache, puts_during_a_reset_hide_no_later_gets, .init = start)
{
    static struct stats_snapshot snap;
    struct stats_base_bin *base = &account_page->base.bin[size_bin(4096)];
    pthread_t thread;

    (void)get_and_put(NULL);
    pthread_create(&thread, NULL, get_and_put, NULL);
    pthread_join(thread, NULL);
    pool_stats_reset();
    cr_assert_eq(base->gets, 2);
    cr_assert_eq(base->puts, 2);
    get_many(10, 4096);
    base->gets += 10;
    base->puts += 1;
    put_many(4);
    pool_stats_publish();
    cr_assert_eq(base->puts, 6);
    get_many(3, 4096);
    pool_stats_publish();
    cr_assert_eq(base->puts, 6);
    stats_snapshot_take(&snap, pool_page(), os_now_ns());
    cr_assert_eq(snap.total.gets, 3);
    cr_assert_eq(snap.total.live, 3);
    cr_assert_eq(snap.total.puts, 0);
}

enum { WITHOUT = 4, PAIRS = 50000 };

static pthread_barrier_t together;

/* As a handler that interrupted an operation: without the slab lock. */
static void
put_within(void *slot)
{
    cache_enter();
    (void)pool_put(slot);
    cache_leave(&cache_dead);
}

static void *
count_without_a_cache(void *argument)
{
    cache_set_self(&cache_dead);
    pthread_barrier_wait(&together);
    for (unsigned i = 0; i < PAIRS; i++) {
        put_within(pool_get(2048));
        (void)pool_put(pool_get(2048));
        for (unsigned j = 0; j < 10; j++)
            cache_note(size_bin(2048), NOTE_BYPASS);
        (void)cache_count_slow(100000);
    }
    return argument;
}

Test(pool_cache, threads_without_a_cache_lose_no_count, .init = start)
{
    unsigned bin = size_bin(2048);
    const struct stats_block *shared = account_shared();
    pthread_t thread[WITHOUT];

    pthread_barrier_init(&together, NULL, WITHOUT);
    for (unsigned i = 0; i < WITHOUT; i++)
        pthread_create(&thread[i], NULL, count_without_a_cache, NULL);
    for (unsigned i = 0; i < WITHOUT; i++)
        pthread_join(thread[i], NULL);
    cr_assert_eq(recent_gets(&shared->hot[bin]), WITHOUT * PAIRS * 2);
    cr_assert_eq(shared->hot[bin].puts, WITHOUT * PAIRS * 2);
    cr_assert_eq(shared->hot[bin].remote_puts, 0);
    cr_assert_eq(shared->above_bytes, WITHOUT * PAIRS * UINT64_C(100000));
    cr_assert_eq(shared->cold[bin].bypasses, WITHOUT * PAIRS * 10);
    cr_assert_eq(shared->peak_bytes - shared->headroom, 0);
    assert_sound("afterwards");
}

enum { SLEEPERS = 16 };

static pthread_barrier_t sleeping;

/* As much as one thread's cache takes, and then sleeps on it. */
static void *
hoard(void *unused)
{
    void *slot[MANY / 4];

    (void)unused;
    for (size_t bytes = 65536; bytes >= 8192; bytes /= 2) {
        for (unsigned i = 0; i < MANY / 4; i++)
            slot[i] = pool_get(bytes);
        for (unsigned i = 0; i < MANY / 4; i++)
            pool_put(slot[i]);
    }
    pthread_barrier_wait(&sleeping);
    pthread_barrier_wait(&sleeping);
    return NULL;
}

/* The budget grows with live memory. Returns what was so before. */
static int64_t
pretend_live(int64_t bytes)
{
    return __atomic_exchange_n(&account_page->live_bytes, bytes,
                               __ATOMIC_RELAXED);
}

Test(pool_cache, sleepers_that_hold_all_do_not_starve_a_thread, .init = start)
{
    unsigned bin = size_bin(16384);
    pthread_t thread[SLEEPERS];
    struct sums before;
    int64_t live;

    (void)pretend_live((int64_t)1 << 40);
    pthread_barrier_init(&sleeping, NULL, SLEEPERS + 1);
    for (unsigned i = 0; i < SLEEPERS; i++)
        pthread_create(&thread[i], NULL, hoard, NULL);
    pthread_barrier_wait(&sleeping);
    live = pretend_live(0);
    for (unsigned i = 0; i < 4; i++)
        pool_put(pool_get(16384));
    before = sum_of(bin);
    for (unsigned i = 0; i < MANY; i++)
        pool_put(pool_get(16384));
    cr_assert_eq(sum_of(bin).depot_hits, before.depot_hits);
    (void)pretend_live(live - ((int64_t)1 << 40));
    pthread_barrier_wait(&sleeping);
    for (unsigned i = 0; i < SLEEPERS; i++)
        pthread_join(thread[i], NULL);
    assert_sound("after all ended");
}

static uint64_t
peak_live_bytes(void)
{
    static struct stats_snapshot snap;

    pool_stats_publish();
    stats_snapshot_take(&snap, account_page, os_now_ns());
    return snap.total.peak_live_bytes;
}

enum { PEAK_SLOTS = 100, PEAK_BYTES = 65536 };

static pthread_barrier_t barrier;

static void
get_and_put_many(bool wait_between)
{
    void *slot[PEAK_SLOTS];

    for (unsigned i = 0; i < PEAK_SLOTS; i++)
        slot[i] = pool_get(PEAK_BYTES);
    pool_stats_publish();
    for (unsigned i = 0; i < 2 && wait_between; i++)
        pthread_barrier_wait(&barrier);
    for (unsigned i = 0; i < PEAK_SLOTS; i++)
        pool_put(slot[i]);
}

static void *
many_in_a_thread(void *unused)
{
    (void)unused;
    get_and_put_many(true);
    return NULL;
}

Test(pool_cache, a_peak_reached_alone_is_not_added_to_a_later_threads,
     .init = start)
{
    pthread_t thread;
    uint64_t peak;

    get_and_put_many(false);
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, many_in_a_thread, NULL);
    pthread_barrier_wait(&barrier);
    peak = peak_live_bytes();
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    cr_assert(peak < (uint64_t)PEAK_SLOTS * PEAK_BYTES * 3 / 2, "%zu",
              (size_t)peak);
    /* Threads may ask for a little of their own. */
    cr_assert(peak >= (uint64_t)PEAK_SLOTS * PEAK_BYTES, "%zu", (size_t)peak);
}

static void *
leave_one(void *unused)
{
    (void)unused;
    pthread_setspecific(late_key, pool_get(PEAK_BYTES));
    return NULL;
}

static void
put_late(void *slot)
{
    pool_put(slot);
}

Test(pool_cache, buffers_put_after_a_threads_end_leave_the_peak, .init = start)
{
    pool_put(pool_get(PEAK_BYTES));
    pthread_key_create(&late_key, put_late);
    for (unsigned i = 0; i < PEAK_SLOTS; i++) {
        pthread_t thread;

        pthread_create(&thread, NULL, leave_one, NULL);
        pthread_join(thread, NULL);
    }
    cr_assert(peak_live_bytes() <= 4 * PEAK_BYTES, "%zu",
              (size_t)peak_live_bytes());
}
