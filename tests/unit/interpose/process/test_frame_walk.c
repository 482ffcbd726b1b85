/* test_frame_walk.c - the same frames as libgcc's unwinder finds. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <unwind.h>

#include "frame_walk.h"
#include "own_image.h"

#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC_PREREQ(2, 35)

enum { MOST = 64, NUMBERS = 8 };

struct frames {
    unsigned count;
    uintptr_t address[MOST];
};

static unsigned compared;
static bool with_gaps;

static _Unwind_Reason_Code
note(struct _Unwind_Context *context, void *arg)
{
    struct frames *frames = arg;
    uintptr_t address = _Unwind_GetIP(context);

    if (address == 0 || frames->count == MOST)
        return _URC_END_OF_STACK;
    if (frames->count > 0 || !own_image_holds(address))
        frames->address[frames->count++] = address - 1;
    return _URC_NO_REASON;
}

/* This program's frames up to the first one of libc count as the library's. */
static int
compare(const void *a, const void *b)
{
    struct frames expected = {0};
    uintptr_t found[MOST];

    _Unwind_Backtrace(note, &expected);
    cr_assert_gt(expected.count, 3);
    for (unsigned most = 1; most <= MOST; most++) {
        int count = frame_walk(found, most);
        unsigned wanted = most < expected.count ? most : expected.count;

        cr_assert_eq(count, (int)wanted, "%d of %u", count, wanted);
        for (unsigned i = 0; i < wanted; i++)
            cr_assert_eq(found[i], expected.address[i], "frame %u", i);
    }
    compared++;
    return *(const int *)a - *(const int *)b;
}

static int sort_deeper(const void *a, const void *b);

static __attribute__((noinline)) void
sort(int depth)
{
    int numbers[NUMBERS];

    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = (i * 5 + depth) % NUMBERS;
    qsort(numbers, NUMBERS, sizeof *numbers, depth > 0 ? sort_deeper : compare);
    cr_assert_eq(numbers[0], 0);
}

static int depth_now;

/* Its stack is aligned, and its size known at run time only. */
static __attribute__((noinline)) void
sort_with_a_gap(int depth)
{
    _Alignas(128) volatile char aligned[128];
    volatile char *gap = __builtin_alloca((size_t)depth * 100 + 1);

    aligned[0] = 1;
    gap[0] = aligned[0];
    sort(depth);
    gap[0] = aligned[0];
}

static int
sort_deeper(const void *a, const void *b)
{
    if (depth_now > 0) {
        depth_now--;
        if (with_gaps)
            sort_with_a_gap(depth_now);
        else
            sort(depth_now);
    }
    return *(const int *)a - *(const int *)b;
}

Test(frame_walk, finds_what_libgcc_finds)
{
    depth_now = 4;
    sort(4);
    cr_assert_gt(compared, 0);
}

Test(frame_walk, through_frames_that_align_the_stack)
{
    with_gaps = true;
    depth_now = 4;
    sort(4);
    cr_assert_gt(compared, 0);
}

static volatile int failed;

static void
on_signal(int number)
{
    uintptr_t found[MOST];

    (void)number;
    failed = frame_walk(found, MOST) == FRAME_WALK_FAILED;
}

Test(frame_walk, leaves_signal_frames_to_libgcc)
{
    signal(SIGUSR1, on_signal);
    raise(SIGUSR1);
    cr_assert(failed);
}

#else

Test(frame_walk, is_not_there)
{
    uintptr_t found;

    cr_assert_eq(frame_walk(&found, 1), FRAME_WALK_FAILED);
}

#endif
