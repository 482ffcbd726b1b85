/* test_pool_sample.c - gets chosen at random: how many, and their ends. */
#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>

#include "chance.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "sample.h"
#include "settings.h"
#include "snapshot.h"
#include "thread.h"

enum { SEEDS = 200, ROUNDS = 700, RATE = 64 << 10, MANY = 4096 };

static const size_t sizes[] = {2048, 2500, 4096, 5001, 16492, 65536};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* The calls of a handler that keeps all samples. */
static struct {
    double objects, bytes, objects_variance, bytes_variance;
    unsigned begins, ends, missed, strangers;
    uint64_t rate_most;
    const void *buffer[MANY];
    uint32_t tag[MANY];
} heard;

static bool
begin(const struct pool_sample *sample)
{
    double bytes = (double)sample->bytes;
    double weight = 1 / chance_of(sample->bytes, sample->rate);

    heard.objects += weight;
    heard.bytes += weight * bytes;
    heard.objects_variance += weight * (weight - 1);
    heard.bytes_variance += weight * (weight - 1) * bytes * bytes;
    heard.missed += sample->missed;
    if (sample->rate > heard.rate_most)
        heard.rate_most = sample->rate;
    heard.buffer[heard.begins % MANY] = sample->buffer;
    heard.tag[heard.begins % MANY] = sample->tag;
    heard.begins++;
    return true;
}

static uint32_t
end(const void *buffer, uint32_t tag)
{
    for (unsigned i = 0; i < MANY; i++) {
        if (heard.buffer[i] != buffer)
            continue;
        heard.buffer[i] = NULL;
        heard.ends++;
        return heard.tag[i];
    }
    heard.strangers++;
    return tag;
}

static void
start_growing(uint64_t first, uint64_t most, uint64_t seed)
{
    static const struct pool_sampler sampler = {begin, end};

    if (!settings.active)
        cr_assert(pool_init(&pool_config_default));
    pool_sample_start(&sampler, (struct pool_sample_rate){first, most, false},
                      seed);
    heard = (__typeof__(heard)){0};
}

static void
start(uint64_t rate, uint64_t seed)
{
    start_growing(rate, rate, seed);
}

/* Mixed sizes; the longer a run, the longer a thread's credit. */
static void
work(void)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        void *held[SIZES];

        for (unsigned i = 0; i < SIZES; i++) {
            held[i] = pool_get(sizes[i]);
            cr_assert_not_null(held[i]);
        }
        for (unsigned i = 0; i < SIZES; i++)
            cr_assert_eq(pool_put(held[i]), CACHE_PUT_DONE);
    }
}

static double
true_bytes(void)
{
    double bytes = 0;

    for (unsigned i = 0; i < SIZES; i++)
        bytes += (double)sizes[i] * ROUNDS;
    return bytes;
}

static void
expect_unbiased(uint64_t first, uint64_t most)
{
    double objects = 0, bytes = 0;
    unsigned objects_covered = 0, bytes_covered = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        start_growing(first, most, seed);
        work();
        cr_assert_eq(heard.rate_most, most);
        objects += heard.objects;
        bytes += heard.bytes;
        objects_covered += fabs(heard.objects - ROUNDS * SIZES) <=
                           1.96 * sqrt(heard.objects_variance);
        bytes_covered += fabs(heard.bytes - true_bytes()) <=
                         1.96 * sqrt(heard.bytes_variance);
    }
    cr_assert_float_eq(objects / SEEDS / (ROUNDS * SIZES), 1, 0.01);
    cr_assert_float_eq(bytes / SEEDS / true_bytes(), 1, 0.01);
    /* 190, and three standard deviations. */
    cr_assert(objects_covered >= 181 && objects_covered < SEEDS, "%u",
              objects_covered);
    cr_assert(bytes_covered >= 181 && bytes_covered < SEEDS, "%u",
              bytes_covered);
}

Test(sample, estimates_are_unbiased_and_their_intervals_cover_the_truth)
{
    expect_unbiased(RATE, RATE);
}

/* The rate grows three times within a run. */
Test(sample, so_they_are_when_the_rate_grows)
{
    expect_unbiased(RATE / 4, 2 * RATE);
}

Test(sample, a_rate_of_one_byte_takes_every_get_and_hears_every_end)
{
    start(1, 0);
    work();
    cr_assert_eq(heard.begins, ROUNDS * SIZES);
    cr_assert_eq(heard.ends, heard.begins);
    cr_assert_eq(heard.strangers, 0);
    cr_assert_gt(heard.missed, 0);
    cr_assert_null(pool_check());
}

Test(sample, off_nobody_hears_anything)
{
    start(0, 0);
    work();
    cr_assert_eq(heard.begins, 0);
    cr_assert_eq(heard.ends, 0);
}

Test(sample, aligned_gets_are_chosen_as_well)
{
    start(1, 0);
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(pool_put(pool_get_aligned(5000)), CACHE_PUT_DONE);
    cr_assert_eq(heard.begins, 10);
    cr_assert_eq(heard.ends, 10);
}

static unsigned misuses;

static void
on_misuse(enum pool_misuse kind, const void *ptr, size_t bytes)
{
    (void)kind;
    (void)ptr;
    (void)bytes;
    misuses++;
}

Test(sample, misuse_of_a_sampled_buffer_is_found)
{
    pool_on_misuse = on_misuse;
    start(1, 0);

    char *ptr = pool_get(5000);

    for (unsigned i = 1; i <= 64; i++)
        cr_assert_eq(pool_put(ptr + i), CACHE_PUT_MISUSED, "at %u", i);
    cr_assert_eq(pool_put(ptr), CACHE_PUT_DONE);
    cr_assert_eq(pool_put(ptr), CACHE_PUT_MISUSED);
    cr_assert_eq(misuses, 65);
    cr_assert_eq(heard.ends, 1);
}

Test(sample, a_sample_counts_as_any_other_get_and_put)
{
    static struct stats_snapshot snap;

    start(1, 0);
    work();
    pool_stats_publish();
    stats_snapshot_take(&snap, pool_page(), 0);
    cr_assert_eq(snap.total.gets, ROUNDS * SIZES);
    cr_assert_eq(snap.total.puts, ROUNDS * SIZES);
    cr_assert_eq(snap.total.live, 0);
    cr_assert_eq(snap.total.remote_puts, 0);
}

static void *
put_it(void *ptr)
{
    (void)pool_put(ptr);
    return NULL;
}

Test(sample, a_put_by_another_thread_counts_as_such)
{
    static struct stats_snapshot snap;
    pthread_t thread;

    start(1, 0);
    pthread_create(&thread, NULL, put_it, pool_get(5000));
    pthread_join(thread, NULL);
    stats_snapshot_take(&snap, pool_page(), 0);
    cr_assert_eq(snap.total.remote_puts, 1);
    cr_assert_eq(heard.ends, 1);
}

Test(sample, what_was_sampled_before_a_reset_is_inherited)
{
    static struct stats_snapshot snap;

    start(1, 0);

    void *ptr = pool_get(5000);

    pool_stats_reset();
    cr_assert_eq(pool_put(ptr), CACHE_PUT_DONE);
    stats_snapshot_take(&snap, pool_page(), 0);
    cr_assert_eq(snap.total.puts, 0);
    cr_assert_eq(heard.ends, 1);
}
