/*
 * series_model.c - the curve, closed by two threads and read by another
 * process.
 *
 *   series_model [broken|orders]
 *
 * stats/page/series.h itself, in all runs that explore.h knows. broken has a
 * reader that does not look at the version again; orders shows which of the
 * memory orders and fences are needed.
 */
#include "page.h"

#include <string.h>

#include "atomic.h"

static bool broken;
static struct stats_header header;

#include "series.h"

enum { WRITER, READER, LENGTH_NS = 100 };

/* Of an interval all words are the same. */
static void
set_interval(uint32_t index, uint64_t value)
{
    series_set(&header, index,
               (struct stats_interval){value, value, value, value});
}

/* Everything of a curve follows from its number. */
static void
write_curve(uint64_t number)
{
    uint32_t intervals = 1 + (number % 2 == 0);

    for (uint32_t i = 0; i < intervals; i++)
        set_interval(i, number + i);
    series_set_length(&header, intervals, (int64_t)number * LENGTH_NS);
}

static void
reset(void)
{
    memset(&header, 0, sizeof(header));
    write_curve(1);
}

static void
write_next(uint64_t number)
{
    if (!series_begin(&header))
        return;
    explore_own(&header);
    write_curve(number);
    series_end(&header);
}

static void
read_curve(void)
{
    struct stats_interval got[PAGE_INTERVALS];
    uint32_t intervals;
    uint64_t number;
    int64_t length;

    if (!series_copy(&header, got, &intervals, &length) && !broken)
        return;
    number = (uint64_t)length / LENGTH_NS;
    if (intervals != 1 + (number % 2 == 0))
        explore_fail("a length of another moment");
    for (uint32_t i = 0; i < intervals; i++)
        if (got[i].gets != number + i || got[i].hits != number + i ||
            got[i].misses != number + i || got[i].live_bytes != number + i)
            explore_fail("an interval of another moment");
}

static void
write_and_read(unsigned who)
{
    if (who == READER) {
        read_curve();
        return;
    }
    write_next(2);
    write_next(3);
}

static void
write_both(unsigned who)
{
    write_next(2 + who);
}

/* The last curve is one of those that were written, and nobody has the lock. */
static void
check(void)
{
    read_curve();
    if (header.series_version % 2 != 0)
        explore_fail("the lock was left taken");
}

static const struct explore_scene scenes[] = {
    {.name = "a writer and a reader",
     .tasks = 2,
     .reset = reset,
     .task = write_and_read,
     .check = check,
     .in_turn = true},
    {.name = "two writers",
     .tasks = 2,
     .reset = reset,
     .task = write_both,
     .check = check},
};

int
main(int argc, char **argv)
{
    return explore_main(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]),
                        &broken);
}
