/* test_pool_need.c - how much idle memory is needed, from what was seen. */
#include <criterion/criterion.h>

#include "need.h"

#define MB ((uint64_t)1 << 20)

static struct need need;
static uint64_t idle;

/* Idle memory grows to so much, and what may go of it goes. */
static void
free_up_to(uint32_t window, uint64_t bytes)
{
    for (uint64_t freed = 0; freed < bytes; freed += MB) {
        uint64_t excess;

        idle += MB;
        excess = need_excess(&need, window, idle);
        need_returned(&need, window, excess);
        idle -= excess;
    }
}

/* So much is asked for, of what is idle and of new memory. */
static void
fill(uint32_t window, uint64_t bytes)
{
    uint64_t reused = idle < bytes ? idle : bytes;

    idle -= reused;
    need_grown(&need, window, bytes - reused);
    cr_assert_eq(need_excess(&need, window, idle), 0);
}

Test(need, a_mass_of_frees_leaves_what_may_always_stay)
{
    free_up_to(0, 1024 * MB);
    cr_assert_eq(idle, NEED_KEEP_BYTES);
}

Test(need, a_smaller_one_is_left_to_decay)
{
    free_up_to(0, NEED_START_BYTES);
    cr_assert_eq(idle, NEED_START_BYTES);
}

Test(need, what_comes_back_within_the_decay_is_kept_from_then_on)
{
    free_up_to(0, 1024 * MB);
    for (uint32_t window = 0; window < 40; window += 2) {
        fill(window, 1024 * MB);
        free_up_to(window + 1, 1024 * MB);
        cr_assert_eq(idle, 1024 * MB, "window %u", window);
    }
}

Test(need, what_comes_back_later_was_not_needed)
{
    free_up_to(0, 1024 * MB);
    fill(NEED_WINDOWS, 1024 * MB);
    free_up_to(NEED_WINDOWS, 1024 * MB);
    cr_assert(idle <= NEED_KEEP_BYTES, "%lu", idle);
}

Test(need, a_need_is_forgotten_after_the_decay)
{
    free_up_to(0, 1024 * MB);
    fill(0, 1024 * MB);
    free_up_to(0, 1024 * MB);
    cr_assert_eq(need_excess(&need, NEED_WINDOWS - 1, idle), 0);
    cr_assert_eq(need_excess(&need, NEED_WINDOWS, idle),
                 1024 * MB - NEED_KEEP_BYTES);
}

Test(need, demand_ends_a_mass_of_frees)
{
    free_up_to(0, 300 * MB);
    cr_assert_eq(idle, NEED_KEEP_BYTES);
    fill(0, NEED_DEMAND_BYTES);
    free_up_to(0, 100 * MB);
    cr_assert_eq(idle, NEED_KEEP_BYTES - NEED_DEMAND_BYTES + 100 * MB);
}

Test(need, window_numbers_wrap_around)
{
    free_up_to(UINT32_MAX, 1024 * MB);
    fill(0, 1024 * MB);
    free_up_to(1, 1024 * MB);
    cr_assert_eq(idle, 1024 * MB);
}
