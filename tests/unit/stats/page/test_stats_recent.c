/*
 * test_stats_recent.c - gets and bytes that are counted in one word.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "recent.h"

enum { BIN = 3, BYTES = 40000, ROUNDS = 200000 };

static struct stats_block block;

/* As the fast path counts. */
static void
count(uint64_t bytes)
{
    struct stats_hot *hot = &block.hot[BIN];

    __atomic_store_n(&hot->recent, hot->recent + RECENT_GET + (int64_t)bytes,
                     __ATOMIC_RELAXED);
}

Test(stats_recent, gets_and_bytes_are_what_was_counted)
{
    uint64_t bytes = 0;

    srand(1);
    for (uint64_t gets = 0; gets < ROUNDS; gets++) {
        uint64_t size = 2048 + (uint64_t)rand() % 63489;

        if (recent_is_spent(&block.hot[BIN], size))
            recent_fold(&block, BIN, 1 + (unsigned)rand() % RECENT_LEFT_MAX);
        count(size);
        bytes += size;
        cr_assert(eq(u64, recent_gets(&block.hot[BIN]), gets + 1));
        cr_assert(eq(u64, recent_read(&block, BIN).gets, gets + 1));
        cr_assert(eq(u64, recent_read(&block, BIN).bytes, bytes));
    }
}

Test(stats_recent, so_many_gets_are_left_as_were_granted)
{
    recent_fold(&block, BIN, RECENT_LEFT_MAX);
    for (unsigned i = 1; i < RECENT_LEFT_MAX; i++) {
        cr_assert(not(recent_is_spent(&block.hot[BIN], 65536)));
        count(65536);
    }
    cr_assert(recent_is_spent(&block.hot[BIN], 2048));
    count(65536);
    cr_assert(ge(i64, block.hot[BIN].recent, 0));
    cr_assert(eq(u64, recent_read(&block, BIN).gets, RECENT_LEFT_MAX));
    cr_assert(eq(u64, recent_read(&block, BIN).bytes, 65536 * RECENT_LEFT_MAX));
}

Test(stats_recent, a_fold_that_was_cut_off_anywhere_is_none_or_a_whole_one)
{
    struct stats_block before, after;
    struct stats_hot *hot = &block.hot[BIN];

    recent_fold(&block, BIN, 100);
    for (int i = 0; i < 100; i++)
        count(BYTES);
    before = block;
    recent_fold(&block, BIN, 50);
    after = block;

    /* Told, not yet valid; valid; then one word after the other. */
    block = before;
    block.fold = after.fold;
    block.fold.version = before.fold.version;
    for (int step = 0; step < 5; step++) {
        if (step == 1)
            block.fold.version++;
        if (step == 2)
            hot->recent = after.hot[BIN].recent;
        if (step == 3)
            hot->granted = after.hot[BIN].granted;
        if (step == 4)
            hot->folded = after.hot[BIN].folded;
        cr_assert(eq(u64, recent_read(&block, BIN).gets, 100), "step %d", step);
        cr_assert(eq(u64, recent_read(&block, BIN).bytes, 100 * BYTES),
                  "step %d", step);
        cr_assert(eq(u64, recent_read(&block, BIN + 1).gets, 0));
    }
}

static void *
count_and_fold(void *unused)
{
    for (unsigned i = 0; i < 20 * ROUNDS; i++) {
        if (recent_is_spent(&block.hot[BIN], BYTES))
            recent_fold(&block, BIN, 200);
        count(BYTES);
    }
    return unused;
}

Test(stats_recent, a_reader_finds_gets_and_bytes_of_one_moment)
{
    struct recent_sums seen = {0, 0};
    pthread_t thread;

    cr_assert(eq(int, pthread_create(&thread, NULL, count_and_fold, NULL), 0));
    while (seen.gets < 20 * ROUNDS) {
        struct recent_sums now = recent_read(&block, BIN);

        cr_assert(ge(u64, now.gets, seen.gets));
        cr_assert(eq(u64, now.bytes, now.gets * BYTES));
        seen = now;
    }
    pthread_join(thread, NULL);
}
