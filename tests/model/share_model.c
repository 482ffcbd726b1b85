/*
 * share_model.c - a thread that publishes its live bytes while another one adds
 * up the shares of all.
 *
 *   share_model [broken|orders]
 *
 * stats/page/share.h itself, in all runs that explore.h knows. broken keeps the
 * version as it is, to show that its absence is found; orders shows which of
 * the memory orders and fences are needed.
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
    if (at == &page.share_version && order == __ATOMIC_ACQUIRE)
        explore_forget(tries++);
}

#include "share.h"

enum { WRITER, BUFFER = 1, STEP = 100, START = 7 };

static int64_t held; /* by the writer, so far */

/* As on the fast path. */
static void
get(void)
{
    __atomic_store_n(&page.headroom, page.headroom - BUFFER, __ATOMIC_RELAXED);
    held += BUFFER;
}

/* Each time there is more headroom: no two words of different times fit. */
static void
publish(void)
{
    int64_t headroom = STEP + 2 * page.headroom;

    share_begin(&page);
    __atomic_store_n(&page.peak_bytes, held + headroom, __ATOMIC_RELAXED);
    __atomic_store_n(&page.headroom, headroom, __ATOMIC_RELAXED);
    share_end(&page);
}

static void
reset(void)
{
    memset(&page, 0, sizeof(page));
    tries = 0;
    held = START;
    publish();
}

/* A share that the writer had since the start. */
static void
read_share(void)
{
    int64_t share = share_read(&page);

    if (share < START || share > held)
        explore_fail("words of different moments");
}

static void
publish_once(unsigned who)
{
    if (who != WRITER) {
        read_share();
        return;
    }
    get();
    publish();
    get();
}

static void
publish_twice(unsigned who)
{
    if (who != WRITER) {
        read_share();
        return;
    }
    publish();
    get();
    publish();
}

static void
check(void)
{
    if (share_read(&page) != held)
        explore_fail("the share is another at the end");
}

static bool
is_seen(const volatile void *at)
{
    return !broken || at != &page.share_version;
}

static const struct explore_scene scenes[] = {
    {.name = "a share that is published between two gets",
     .tasks = 2,
     .reset = reset,
     .task = publish_once,
     .check = check,
     .shared = is_seen,
     .in_turn = true},
    {.name = "a share that is published twice",
     .tasks = 2,
     .reset = reset,
     .task = publish_twice,
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
