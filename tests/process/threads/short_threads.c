/*
 * short_threads.c - many short threads leave memory flat.
 *
 * Each allocates a few blocks of the band and frees most; one block goes to
 * the next thread, which verifies and frees it. What was resident after a
 * tenth of them may not grow.
 */
#include <pthread.h>
#include <stdlib.h>

#include "check.h"
#include "churn.h"

static struct churn_block left;

static void *
run(void *argument)
{
    unsigned index = (unsigned)(uintptr_t)argument;
    churn_drop(&left);
    struct churn_block block[6];
    for (unsigned i = 0; i < 6; i++)
        block[i] = churn_take(2048u << ((i + index) % 6), index + i);
    left = block[5];
    for (unsigned i = 0; i < 5; i++)
        churn_drop(&block[i]);
    return NULL;
}

int
main(void)
{
    unsigned threads = check_rounds(50000, 1000000);
    size_t early = 0;
    for (uintptr_t i = 0; i < threads; i++) {
        pthread_join(check_spawn(run, (void *)i), NULL);
        if (i == threads / 10)
            early = check_rss_bytes();
    }
    churn_drop(&left);
    size_t late = check_rss_bytes();
    CHECK(late <= early + early / 4 + (1u << 20), "RSS grew from %zu to %zu",
          early, late);
    return 0;
}
