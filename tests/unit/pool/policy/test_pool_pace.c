/* test_pool_pace.c - a window's work in pieces. The clock is the test's. */
#include <criterion/criterion.h>

#include "pace.h"

enum { PIECE = 1000 * 1000, MS = 1000 * 1000, SPAN = 100 * MS };

static struct pace pace;

/* Does what is due, and says how much it was. */
static uint64_t
call(int64_t now)
{
    uint64_t due = pace_due(&pace, now);

    pace_done(&pace, due);
    return due;
}

static void
begin(uint64_t work, int64_t since, int64_t now)
{
    pace_begin(&pace, work, PIECE, SPAN, since, now);
}

Test(pace, a_call_among_many_does_at_most_two_pieces)
{
    static const int64_t step[] = {1, 999, 10 * 1000, 100 * 1000, MS};

    for (size_t i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
        begin(300 * PIECE, 5 * MS, 5 * MS);
        for (int64_t now = 5 * MS; now < 10 * MS; now += step[i])
            cr_assert(call(now) <= PACE_PIECES_LEAST * PIECE, "every %ld ns",
                      step[i]);
    }
}

Test(pace, work_ends_within_the_span)
{
    static const uint64_t work[] = {1, PIECE - 1, PIECE, PIECE * 90, 12345};

    for (size_t i = 0; i < sizeof(work) / sizeof(work[0]); i++) {
        uint64_t done = 0;

        begin(work[i], MS, MS);
        for (int64_t now = MS; now <= MS + SPAN; now += MS / 10)
            done += call(now);
        cr_assert_eq(done, work[i]);
        cr_assert_eq(pace.work, 0);
        cr_assert_eq(pace_next_ns(&pace), INT64_MAX);
    }
}

Test(pace, a_call_after_a_long_time_does_the_work_of_that_time)
{
    begin(50 * PIECE, 0, 0);
    cr_assert_eq(call(0), PIECE);
    cr_assert(call(SPAN / 2) >= 24 * PIECE);
    cr_assert(call(SPAN) >= 23 * PIECE);
    begin(50 * PIECE, 0, SPAN);
    cr_assert_eq(call(SPAN), 50 * PIECE);
    begin(1000 * PIECE, 0, SPAN);
    cr_assert_eq(call(SPAN), PACE_PIECES_MOST * PIECE);
}

Test(pace, nothing_is_due_before_it_is_said_to_be)
{
    begin(300 * PIECE, 0, 0);
    cr_assert_eq(pace_next_ns(&pace), 0);
    cr_assert_eq(call(0), PIECE);
    for (unsigned i = 0; i < 20; i++) {
        int64_t next = pace_next_ns(&pace);

        cr_assert_eq(call(next - 2000), 0);
        cr_assert(call(next) >= PIECE);
    }
}

Test(pace, neither_a_huge_work_nor_a_clock_that_jumps_wraps)
{
    begin(UINT64_MAX / 2, 0, INT64_MAX / 2);
    cr_assert_eq(call(INT64_MAX / 2), PACE_PIECES_MOST * PIECE);
    cr_assert_eq(call(0), 0);
    cr_assert_eq(call(INT64_MAX), PACE_PIECES_MOST * PIECE);
    begin(0, 0, INT64_MAX / 2);
    cr_assert_eq(call(INT64_MAX), 0);
}
