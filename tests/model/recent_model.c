/*
 * recent_model.c - folding counters while another process reads them.
 *
 *   recent_model [broken|orders]
 *
 * stats/page/recent.h itself, in all runs that explore.h knows. broken keeps
 * the fold's version as it is, to show that its absence is found; orders shows
 * which of the memory orders and fences are needed.
 */
#include "page.h"

#include <string.h>

#include "atomic.h"

static bool broken;
static struct stats_block page;

/* Each try begins anew. */
#undef __atomic_load_n
#define __atomic_load_n(at, order)                                             \
    (begin_try((at), (order)),                                                 \
     (EXPLORE_VALUE(at))explore_load((at), sizeof(*(at)), (order),             \
                                     EXPLORE_SITE))

static unsigned tries;

static void
begin_try(const volatile void *at, int order)
{
    if (at == &page.fold.version && order == __ATOMIC_ACQUIRE)
        explore_forget(tries++);
}

#include "recent.h"

enum { BIN = 4, OTHER = 5, BYTES = 3000, BEFORE = 3, WRITER = 0 };

static uint64_t counted; /* by the writer, so far */

static void
count(unsigned bin)
{
    struct stats_hot *hot = &page.hot[bin];

    __atomic_store_n(&hot->recent, hot->recent + RECENT_GET + BYTES,
                     __ATOMIC_RELAXED);
    counted += bin == BIN;
}

static void
reset(void)
{
    memset(&page, 0, sizeof(page));
    counted = tries = 0;
    recent_fold(&page, BIN, 100);
    for (unsigned i = 0; i < BEFORE; i++)
        count(BIN);
}

/* A reader sees the values of one moment after the start. */
static void
read_bin(void)
{
    struct recent_sums sums = recent_read(&page, BIN);

    if (sums.bytes != sums.gets * BYTES)
        explore_fail("gets and bytes of different moments");
    if (sums.gets < BEFORE || sums.gets > counted)
        explore_fail("gets that never were");
}

static void
fold_once(unsigned who)
{
    if (who != WRITER) {
        read_bin();
        return;
    }
    count(BIN);
    recent_fold(&page, BIN, 50);
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
    recent_fold(&page, BIN, 50);
    recent_fold(&page, OTHER, 50);
    recent_fold(&page, BIN, 50);
}

static void
check(void)
{
    struct recent_sums sums = recent_read(&page, BIN);

    if (sums.gets != counted || sums.bytes != counted * BYTES)
        explore_fail("something was not counted");
}

static bool
is_seen(const volatile void *at)
{
    return !broken || at != &page.fold.version;
}

static const struct explore_scene scenes[] = {
    {.name = "a fold",
     .tasks = 2,
     .reset = reset,
     .task = fold_once,
     .check = check,
     .shared = is_seen,
     .in_turn = true},
    {.name = "folds of two bins",
     .tasks = 2,
     .reset = reset,
     .task = fold_other,
     .check = check,
     .shared = is_seen,
     .in_turn = true},
};

int
main(int argc, char **argv)
{
    return explore_main(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]),
                        &broken);
}
