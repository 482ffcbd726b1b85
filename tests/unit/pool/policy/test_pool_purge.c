/* test_pool_purge.c - idle memory given back: bounds, decay, on request. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "account.h"
#include "block.h"
#include "decay.h"
#include "depot.h"
#include "operation.h"
#include "os.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "slab.h"
#include "space.h"

enum { MANY = 1000, PATIENCE_S = 30 };

static void *ptr[MANY];

static void
assert_sound(const char *when)
{
    const char *broken = pool_check();

    cr_assert_null(broken, "%s: %s", when, broken);
}

static void
start(struct pool_config config)
{
    cr_assert(pool_init(&config));
}

static struct pool_config
config_decay(int64_t decay_ms)
{
    struct pool_config config = pool_config_default;

    config.decay_ms = decay_ms;
    return config;
}

static void
get_many(size_t bytes)
{
    for (unsigned i = 0; i < MANY; i++) {
        ptr[i] = pool_get(bytes);
        cr_assert_not_null(ptr[i]);
        memset(ptr[i], 1, bytes);
    }
}

static void
put_many(void)
{
    for (unsigned i = 0; i < MANY; i++)
        (void)pool_put(ptr[i]);
}

static size_t
resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%*u %lu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static uint64_t
discards(void)
{
    uint64_t sum = 0;

    for (unsigned bin = 0; bin < BINS; bin++)
        sum += pool_page()->discards[bin];
    return sum;
}

Test(pool_purge, on_request_all_idle_memory_goes)
{
    size_t full;

    start(config_decay(10000));
    get_many(30000);
    full = resident_bytes();
    put_many();
    cr_assert(pool_purge() >= 25 << 20);
    cr_assert(resident_bytes() + (25 << 20) <= full);
    assert_sound("after a purge");
    cr_assert_eq(pool_census_idle(), 0);
    cr_assert_eq(discards(), MANY);
    get_many(30000);
    put_many();
    assert_sound("after use of what was purged");
}

Test(pool_purge, idle_slabs_give_their_address_space_back_and_come_again)
{
    size_t full;

    start(config_decay(10000));
    if (space_reserved())
        cr_skip("the region is reserved here");
    ptr[MANY - 1] = pool_get(5000);
    pool_fill(ptr[MANY - 1], 5000, 1);
    for (unsigned i = 0; i < MANY - 1; i++)
        ptr[i] = pool_get(30000);
    full = space_taken_bytes();
    for (unsigned i = 0; i < MANY - 1; i++)
        (void)pool_put(ptr[i]);
    cr_assert(pool_unmap() >= 25 << 20);
    cr_assert(space_taken_bytes() + (25 << 20) <= full);
    assert_sound("without the slabs");
    cr_assert_eq(pool_census_idle(), 0);
    cr_assert(pool_filled(ptr[MANY - 1], 5000, 1));
    for (unsigned i = 0; i < MANY - 1; i++) {
        ptr[i] = pool_get(60000);
        cr_assert(ptr[i] != NULL);
        cr_assert_eq(*(char *)ptr[i], 0, "mapped anew");
    }
    assert_sound("mapped again");
}

Test(pool_purge, live_buffers_between_purged_ones_keep_their_contents)
{
    start(config_decay(10000));
    for (unsigned i = 0; i < MANY; i++) {
        ptr[i] = pool_get(5000);
        pool_fill(ptr[i], 5000, i + 1);
    }
    for (unsigned i = 0; i < MANY; i++) {
        if (i % 16 != 0)
            (void)pool_put(ptr[i]);
    }
    cr_assert(pool_purge() > 0);
    for (unsigned i = 0; i < MANY; i += 16)
        cr_assert(pool_filled(ptr[i], 5000, i + 1));
    assert_sound("between slots");
}

Test(pool_purge, decay_0_gives_back_at_once)
{
    start(config_decay(0));
    get_many(60000);
    put_many();
    assert_sound("decay 0");
    /* The rest fits in one thread's cache. */
    cr_assert(pool_census_idle() * 60000 <=
              pool_config_default.cache_max_bytes);
    cr_assert(discards() >= MANY / 2);
}

static void *
use_many(void *unused)
{
    (void)unused;
    get_many(4000);
    put_many();
    return NULL;
}

Test(pool_purge, a_thread_that_ends_leaves_nothing_idle_at_decay_0)
{
    pthread_t thread;

    start(config_decay(0));
    pthread_create(&thread, NULL, use_many, NULL);
    pthread_join(thread, NULL);
    cr_assert(account_idle_bytes() < 8 * 4096, "%zu",
              (size_t)account_idle_bytes());
    assert_sound("the thread ended");
}

Test(pool_purge, decay_never_keeps_all)
{
    start(config_decay(-1));
    get_many(20000);
    put_many();
    for (unsigned i = 0; i < 100; i++)
        (void)pool_tick();
    cr_assert_eq(discards(), 0);
    assert_sound("never");
    cr_assert_eq(pool_census_idle(), MANY);
}

Test(pool_purge, decay_gives_back_what_idles)
{
    time_t begin = time(NULL);

    start(config_decay(30));
    get_many(30000);
    put_many();
    while (discards() < MANY / 2 && time(NULL) - begin < PATIENCE_S) {
        usleep(5000);
        (void)pool_tick();
    }
    cr_assert(discards() >= MANY / 2, "%lu discards", discards());
    assert_sound("decay");
}

/* A thread that runs on, elsewhere, gives its idle bins back as well. */
Test(pool_purge, decay_reaches_into_the_cache_of_a_running_thread)
{
    time_t begin = time(NULL);

    start(config_decay(30));
    get_many(30000);
    put_many();
    while (discards() < MANY && time(NULL) - begin < PATIENCE_S) {
        usleep(100);
        (void)pool_put(pool_get(2048));
    }
    cr_assert(discards() >= MANY, "%lu discards", discards());
    assert_sound("decay");
}

/*
 * The clock is the test's: nothing but ticks, five a decay time. Whatever was
 * last used goes through cache, depot and slab, and is returned in time.
 */
Test(pool_purge, decay_is_over_after_decay_ms)
{
    enum { DECAY_MS = 60 * 1000, TICKS = 5 };
    struct cache *cache;
    int64_t now;

    start(config_decay(DECAY_MS));
    get_many(16384);
    put_many();
    cache = cache_self;
    now = os_now_ns(); /* not before a tick of the calls above */
    for (unsigned tick = 0; tick <= TICKS; tick++) {
        cache_enter();
        decay_tick(0, now + (int64_t)tick * DECAY_MS * 1000000 / TICKS);
        cache_trim(cache);
        cache_leave(cache);
    }
    assert_sound("decay_ms later");
    cr_assert_eq(pool_census_idle(), 0, "%lu bytes are kept",
                 pool_census_idle());
}

static void
start_bounded(void)
{
    struct pool_config config = pool_config_default;

    config.pool_max_bytes = 4 << 20;
    start(config);
}

/* Requires that nothing but the test's own calls goes on. */
static void
assert_bounded(void)
{
    uint64_t idle = 0;

    assert_sound("pool_max");
    for (unsigned bin = 0; bin < BINS; bin++)
        idle += (pool_census[bin].warm + pool_census[bin].depot +
                 pool_census[bin].cached) *
                bin_info[bin].slot_bytes;
    cr_assert(idle <= 4 << 20, "%lu bytes idle", idle);
}

Test(pool_purge, pool_max_bounds_idle_memory, .init = start_bounded)
{
    for (size_t bytes = 4096; bytes <= 65536; bytes *= 2) {
        get_many(bytes);
        put_many();
        assert_bounded();
    }
}

/*
 * The count of a depot's slots is an estimate: it stays too high where a thread
 * left a pop by siglongjmp. A put must not wait for slots that are not there.
 */
Test(pool_purge, pool_max_does_not_wait_for_a_count, .init = start_bounded,
     .timeout = 60)
{
    atomic_fetch_add(&depot[size_bin(65536)].slots, 1000);
    get_many(4096);
    put_many();
    atomic_fetch_sub(&depot[size_bin(65536)].slots, 1000);
    assert_sound("a depot's count was too high");
}

/* Slots of changing sizes at random places, so many bytes of them. */
enum { MIXED_BYTES = 96 << 20, MIXED_MOST = MIXED_BYTES / 2048 };

static struct {
    void *ptr;
    size_t bytes;
} mixed[MIXED_MOST];

static size_t mixed_count;
static size_t mixed_bytes;

static void
drop_mixed(size_t at)
{
    (void)pool_put(mixed[at].ptr);
    mixed_bytes -= mixed[at].bytes;
    mixed[at] = mixed[--mixed_count];
}

/* Until all were replaced twice, or nearly. */
static void
replace_mixed(size_t bytes)
{
    for (size_t renewed = 0; renewed < 2 * MIXED_BYTES; renewed += bytes) {
        while (mixed_bytes + bytes > MIXED_BYTES)
            drop_mixed((size_t)rand() % mixed_count);
        mixed[mixed_count].ptr = pool_get(bytes);
        mixed[mixed_count++].bytes = bytes;
        mixed_bytes += bytes;
    }
}

/*
 * Of the live buffers' size, so much may stay idle in pages that live buffers
 * reach into. It is 24, 46 and 100 % with pages of 4, 16 and 64 KB.
 */
static size_t
idle_percent(void)
{
    size_t page = os_page_bytes();

    return page <= 4096 ? 25 : page <= 16384 ? 50 : 115;
}

/* As the sizes change, what the old ones left idle goes where it can. */
Test(pool_purge, growth_returns_what_lies_idle_between_slots)
{
    static const size_t size[] = {8192, 16384, 32768, 49152, 12288, 40960};
    size_t percent = idle_percent();

    start(config_decay(3600 * 1000));
    for (size_t i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
        replace_mixed(size[i]);
        assert_sound("mixed");
        cr_assert(slab_resident_bytes <=
                      mixed_bytes + mixed_bytes / 100 * percent + (16 << 20),
                  "%lu bytes resident after %zu", slab_resident_bytes, size[i]);
    }
}

static pthread_barrier_t used;
static pthread_barrier_t looked_at;

static void *
fill_a_cache(void *unused)
{
    void *own[100];

    for (size_t bytes = 2048; bytes <= 65536; bytes *= 2) {
        for (unsigned i = 0; i < 100; i++)
            own[i] = pool_get(bytes);
        for (unsigned i = 0; i < 100; i++)
            (void)pool_put(own[i]);
    }
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&looked_at);
    return unused;
}

Test(pool_purge, pool_max_counts_what_caches_hold, .init = start_bounded)
{
    enum { HOLDERS = 4 };
    pthread_t thread[HOLDERS];

    pthread_barrier_init(&used, NULL, HOLDERS + 1);
    pthread_barrier_init(&looked_at, NULL, HOLDERS + 1);
    for (unsigned i = 0; i < HOLDERS; i++)
        pthread_create(&thread[i], NULL, fill_a_cache, NULL);
    pthread_barrier_wait(&used);
    get_many(4096);
    for (unsigned i = 0; i < MANY; i++) {
        (void)pool_put(ptr[i]);
        if (i % 50 == 0)
            assert_bounded();
    }
    pthread_barrier_wait(&looked_at);
    for (unsigned i = 0; i < HOLDERS; i++)
        pthread_join(thread[i], NULL);
}

/* The memory that a sanitizer needs in addition to written memory. */
static size_t
shadow_bytes(size_t written)
{
#if defined(__SANITIZE_ADDRESS__)
    return written / 4;
#elif defined(__SANITIZE_THREAD__)
    return written * 9 / 2; /* its shadow, and words about its blocks */
#else
    return written * 0;
#endif
}

static uint64_t
misses(unsigned bin)
{
    uint64_t sum = 0;

    for (uint32_t i = PAGE_FIRST_BLOCK; i < pool_page()->blocks_used; i++)
        sum += stats_block_at(pool_page(), i)->hot[bin].misses;
    return sum;
}

/* qemu-user takes every advice, and does nothing on this one. */
static bool
is_populated_when_asked(void)
{
    enum { POPULATE_WRITE = 23 };
    size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char present = 0;
    char *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool taken = madvise(page, bytes, POPULATE_WRITE) == 0;

    mincore(page, bytes, &present);
    munmap(page, bytes);
    return !taken || (present & 1) != 0;
}

Test(pool_purge, warm_buffers_are_hits_and_present)
{
    size_t before, after;

    if (!is_populated_when_asked())
        cr_skip("populating has no effect here");
    start(config_decay(10000));
    cr_assert_eq(pool_warm(16384, 500), 500);
    assert_sound("warm");
    before = resident_bytes();
    for (unsigned i = 0; i < 500; i++) {
        ptr[i] = pool_get(16384);
        memset(ptr[i], 1, 16384);
    }
    after = resident_bytes();
    cr_assert(after < before + (1 << 20) + shadow_bytes(500 * 16384),
              "%zu became %zu", before, after);
    cr_assert_eq(misses(size_bin(16384)), 0);
    cr_assert_eq(pool_page()->warmups[size_bin(16384)], 500);
    assert_sound("warm and used");
}

Test(pool_purge, warm_takes_every_count_and_no_more)
{
    start(config_decay(10000));
    for (size_t count = 0; count < 70; count++) {
        uint64_t before = pool_page()->warmups[size_bin(2500)];

        cr_assert_eq(pool_warm(2500, count), count);
        cr_assert_eq(pool_page()->warmups[size_bin(2500)] - before, count);
    }
    cr_assert_eq(pool_warm(0, 5), 0);
    cr_assert_eq(pool_warm(65537, 5), 0);
    cr_assert_eq(pool_warm(100, 5), 5);
    assert_sound("warm");
}

/* More of it than idle memory that growth puts up with, and growth. */
Test(pool_purge, warm_buffers_stay_while_other_bins_grow)
{
    start(config_decay(10000));
    cr_assert_eq(pool_warm(65536, 600), 600);
    cr_assert_eq(pool_warm(16384, MANY), MANY);
    cr_assert_eq(discards(), 0);
    get_many(8192);
    cr_assert_eq(discards(), 0);
    get_many(16384);
    cr_assert_eq(misses(size_bin(16384)), 0);
    for (unsigned i = 0; i < 600; i++)
        cr_assert_not_null(pool_get(65536));
    cr_assert_eq(misses(size_bin(65536)), 0);
    assert_sound("warm and grown");
}

/* Decay forgets what was warmed up: then growth has no regard for it. */
Test(pool_purge, warm_buffers_decay_like_others)
{
    time_t begin = time(NULL);

    start(config_decay(30));
    cr_assert_eq(pool_warm(65536, 600), 600);
    while (discards() < 600 && time(NULL) - begin < PATIENCE_S) {
        usleep(5000);
        (void)pool_tick();
    }
    cr_assert_eq(discards(), 600);
    assert_sound("decayed");
}

Test(pool_purge, warm_keeps_to_pool_max)
{
    struct pool_config config = config_decay(10000);

    config.pool_max_bytes = 1 << 20;
    start(config);
    cr_assert_eq(pool_warm(65536, 8), 8);
    cr_assert_eq(pool_warm(16384, MANY), 32);
    cr_assert_eq(pool_warm(2048, MANY), 0);
    assert_sound("warm within pool_max");
}

/*
 * Between live slots much is looked at again and again: it counts once. The
 * larger the system's pages are, the fewer slots stay.
 */
Test(pool_purge, purged_bytes_are_those_of_the_discards)
{
    unsigned every = (unsigned)(2 * os_page_bytes() / SMALL_PAGE_BYTES);
    uint64_t bytes = 0;
    size_t purged = 0;

    start(config_decay(10000));
    for (unsigned round = 0; round < 3; round++) {
        get_many(5000 + round * 9000);
        for (unsigned i = 0; i < MANY; i++) {
            if (i % every != 0)
                (void)pool_put(ptr[i]);
        }
        purged += pool_purge();
    }
    for (unsigned bin = 0; bin < BINS; bin++)
        bytes += pool_page()->discards[bin] * bin_info[bin].slot_bytes;
    cr_assert(bytes > 0);
    cr_assert_eq(pool_page()->purged_bytes, bytes);
    cr_assert_eq(purged, bytes);
}

static int
by_address(const void *one, const void *two)
{
    const char *a = *(char *const *)one;
    const char *b = *(char *const *)two;

    return (a > b) - (a < b);
}

static void
get_and_fill(unsigned from, unsigned to, size_t bytes)
{
    for (unsigned i = from; i < to; i++) {
        ptr[i] = pool_get(bytes);
        cr_assert_not_null(ptr[i]);
        pool_fill(ptr[i], bytes, bytes);
    }
}

static void
put_and_purge(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        (void)pool_put(ptr[i]);
    (void)pool_purge();
}

/* Takes the bin's first cold slot out of its slab; put_aside gives it back. */
static void *
take_aside(unsigned bin)
{
    struct magazine one;
    unsigned taken;

    pool_flush();
    lock_acquire(&slab_lock);
    taken = slab_take_cold(bin, &one, 1);
    lock_release(&slab_lock);
    cr_assert_eq(taken, 1);
    return one.slot[0];
}

static void
put_aside(unsigned bin, void *slot)
{
    lock_acquire(&slab_lock);
    cr_assert(slab_put(bin, slot, true));
    lock_release(&slab_lock);
}

/*
 * A page that a free run shares with slots before it is returned only if all
 * of those are idle: parts of three slots of less than a page lie in one. Here
 * one of two before the run is cold, and the other live.
 */
Test(pool_purge, live_buffers_keep_their_contents)
{
    enum { COLD = 20, WARM = 8, STEP = COLD + WARM + 3, SOME = 900 };
    static const size_t sizes[] = {2048, 2560, 3072, 3584};

    start(config_decay(10000));
    for (unsigned size = 0; size < sizeof(sizes) / sizeof(*sizes); size++) {
        size_t bytes = sizes[size];

        get_and_fill(0, SOME, bytes);
        for (unsigned at = COLD; at < SOME - WARM; at += STEP) {
            void *aside;

            qsort(ptr, SOME, sizeof(*ptr), by_address);
            put_and_purge(at - COLD, at + WARM);
            get_and_fill(at - COLD, at - 1, bytes);
            aside = take_aside(size_bin(bytes));
            get_and_fill(at, at + WARM, bytes);
            put_aside(size_bin(bytes), aside);
            put_and_purge(at, at + WARM);
            for (unsigned i = 0; i < at - 1; i++)
                cr_assert(pool_filled(ptr[i], bytes, bytes), "%zu bytes, %u",
                          bytes, i);
            get_and_fill(at - 1, at + WARM, bytes);
        }
        put_and_purge(0, SOME);
    }
}
