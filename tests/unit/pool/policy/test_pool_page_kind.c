/* test_pool_page_kind.c - which pages a growing bin gets, by what they cost. */
#include <criterion/criterion.h>

#include "page_size.h"

static struct page_size size;

/* The machine, in ns per page. */
static uint32_t small_ns;
static uint32_t huge_ns;

/* Grows by so many dense slabs; returns how many are huge. */
static unsigned
grow(unsigned slabs)
{
    unsigned huge = 0;

    while (slabs-- > 0) {
        enum page_step step = page_size_next(&size, true);

        if (step != PAGE_SMALL)
            page_size_learn(&size, step,
                            step == PAGE_HUGE ? huge_ns : small_ns);
        huge += step == PAGE_HUGE;
    }
    return huge;
}

static void
set_mood(uint32_t small, uint32_t huge)
{
    small_ns = small;
    huge_ns = huge;
}

Test(page_kind, cheap_huge_pages_are_chosen)
{
    set_mood(1500, 340);
    cr_assert_eq(grow(2), 1, "a look");
    cr_assert_eq(grow(PAGE_LOOK_FIRST), PAGE_LOOK_FIRST);
}

Test(page_kind, dear_ones_are_not)
{
    set_mood(1500, 6000);
    cr_assert_eq(grow(3), 2, "a look");
    cr_assert_eq(grow(PAGE_LOOK_FIRST), 0);
}

Test(page_kind, looks_become_rare_while_nothing_changes)
{
    unsigned looks;

    set_mood(1500, 6000);
    looks = grow(100000);
    cr_assert(looks >= 100000 / (PAGE_LOOK_LAST + 3) * 2, "%u", looks);
    cr_assert(looks <= (100000 / PAGE_LOOK_LAST + 8) * 2, "%u", looks);
}

Test(page_kind, huge_pages_that_become_dear_are_given_up_at_once)
{
    set_mood(1500, 340);
    (void)grow(10000);
    set_mood(1500, 6000);
    cr_assert(grow(5) <= 4);
    cr_assert_eq(grow(PAGE_LOOK_FIRST - 5), 0);
}

Test(page_kind, one_dear_page_among_cheap_ones_changes_nothing)
{
    set_mood(1500, 340);
    (void)grow(2);
    for (unsigned i = 0; i < PAGE_LOOK_FIRST; i++) {
        set_mood(1500, i % 2 == 0 ? 6000 : 340);
        cr_assert_eq(grow(1), 1);
    }
}

Test(page_kind, ones_that_become_cheap_are_seen_at_the_next_look)
{
    set_mood(1500, 6000);
    (void)grow(3 + PAGE_LOOK_FIRST);
    set_mood(1500, 340);
    cr_assert_eq(grow(2), 1, "a look");
    cr_assert_eq(grow(PAGE_LOOK_FIRST), PAGE_LOOK_FIRST);
}

Test(page_kind, small_ones_that_become_cheap_are_seen_at_the_next_look)
{
    set_mood(1500, 340);
    (void)grow(2 + PAGE_LOOK_FIRST);
    set_mood(100, 110);
    (void)grow(3);
    cr_assert_eq(grow(PAGE_LOOK_FIRST), 0);
}

Test(page_kind, a_bin_that_does_not_fill_its_pages_has_small_ones)
{
    set_mood(1500, 340);
    (void)grow(10);
    for (unsigned i = 0; i < 5000; i++)
        cr_assert_eq(page_size_next(&size, false), PAGE_SMALL);
    cr_assert_eq(grow(1), 1, "the choice stays for others");
}

Test(page_kind, where_there_are_no_huge_pages_none_is_asked_for)
{
    set_mood(1500, UINT32_MAX);
    (void)grow(3);
    cr_assert_eq(grow(PAGE_LOOK_FIRST), 0);
}
