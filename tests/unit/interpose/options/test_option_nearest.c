/* test_option_nearest.c - the distance between two words. */
#include <criterion/criterion.h>
#include <string.h>

#include "option_nearest.h"

static unsigned
distance(const char *a, const char *b)
{
    unsigned there = option_distance(a, strlen(a), b, strlen(b));

    cr_assert_eq(there, option_distance(b, strlen(b), a, strlen(a)),
                 "%s and %s: the same both ways", a, b);
    return there;
}

Test(option_nearest, equal_words_are_close)
{
    cr_assert_eq(distance("", ""), 0);
    cr_assert_eq(distance("report", "report"), 0);
    cr_assert_eq(distance("REPORT", "report"), 0);
}

Test(option_nearest, one_slip_counts_one)
{
    cr_assert_eq(distance("report", "repor"), 1);
    cr_assert_eq(distance("report", "reeport"), 1);
    cr_assert_eq(distance("report", "repart"), 1);
    cr_assert_eq(distance("report", "reoprt"), 1, "a swap is one slip");
}

Test(option_nearest, strange_words_are_far)
{
    cr_assert_eq(distance("", "live"), 4);
    cr_assert_eq(distance("abc", "xyz"), 3);
}

Test(option_nearest, long_words_are_cut)
{
    char word[200];

    memset(word, 'a', sizeof word);
    cr_assert_eq(option_distance(word, sizeof word, word, sizeof word), 0);
    cr_assert_eq(option_distance(word, sizeof word, "", 0), 63);
}
