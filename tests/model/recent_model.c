/*
 * recent_model.c - folding counters while another process reads them, in every
 * interleaving.
 *
 *   recent_model [broken]
 *
 * stats/page/recent.h itself, with its atomic operations turned into points
 * where the other may come in between. broken keeps the fold's version as it
 * is, to show that its absence is found.
 */
#include "page.h"

#include <string.h>

#include "explore.h"

static bool broken;
static struct stats_block page_block;

#define __atomic_thread_fence(order) ((void)0)
#define __atomic_load_n(at, order) (explore_point(at, false), *(at))
#define __atomic_store_n(at, value, order)                                     \
    do {                                                                       \
        explore_point(at, true);                                               \
        if (!broken || (const void *)(at) != (void *)&page_block.fold.version) \
            *(at) = (value);                                                   \
    } while (0)

#include "recent.h"

enum { BIN = 4, OTHER = 5, BYTES = 3000, BEFORE = 3, WRITER = 0 };

static uint64_t counted; /* by the writer, so far */

static void
count(unsigned bin)
{
    struct stats_hot *hot = &page_block.hot[bin];

    __atomic_store_n(&hot->recent, hot->recent + RECENT_GET + BYTES, 0);
    counted += bin == BIN;
}

static void
reset(void)
{
    bool was = broken;

    broken = false;
    memset(&page_block, 0, sizeof(page_block));
    counted = 0;
    recent_fold(&page_block, BIN, 100);
    for (unsigned i = 0; i < BEFORE; i++)
        count(BIN);
    broken = was;
}

/* What is read is of one moment between the first look and the last. */
static void
read_bin(void)
{
    uint64_t least = counted;
    struct recent_sums sums = recent_read(&page_block, BIN);

    if (sums.bytes != sums.gets * BYTES)
        explore_fail("gets and bytes of different moments");
    if (sums.gets < least || sums.gets > counted)
        explore_fail("gets that never were");
}

static void
fold_once(unsigned who)
{
    if (who != WRITER) {
        read_bin();
        return;
    }
    recent_fold(&page_block, BIN, 50);
    count(BIN);
}

/* The fold of another bin does not make its words this one's. */
static void
fold_other(unsigned who)
{
    if (who != WRITER) {
        read_bin();
        return;
    }
    count(BIN);
    recent_fold(&page_block, OTHER, 50);
    count(OTHER);
    recent_fold(&page_block, BIN, 50);
}

static void
check(void)
{
    struct recent_sums sums = recent_read(&page_block, BIN);

    if (sums.gets != counted || sums.bytes != counted * BYTES)
        explore_fail("something was not counted");
}

static const struct explore_scene scenes[] = {
    {"a fold", 2, reset, fold_once, check},
    {"a fold, two readers", 3, reset, fold_once, check},
    {"folds of two bins", 2, reset, fold_other, check},
};

int
main(int argc, char **argv)
{
    broken = argc > 1 && strcmp(argv[1], "broken") == 0;
    for (unsigned i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
        explore_all(&scenes[i]);
    return 0;
}
