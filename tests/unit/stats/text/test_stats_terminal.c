/*
 * test_stats_terminal.c - what a reader can show, by the environment.
 */
#include <criterion/criterion.h>

#include "terminal.h"

static bool
utf8(const char *lc_all, const char *lc_ctype, const char *lang)
{
    const struct terminal_variables variables = {
        .lc_all = lc_all, .lc_ctype = lc_ctype, .lang = lang};
    return terminal_is_utf8(&variables);
}

static bool
colour(const char *term, const char *no_color)
{
    const struct terminal_variables variables = {.term = term,
                                                 .no_color = no_color};
    return terminal_takes_colour(&variables);
}

Test(stats_terminal, the_locale_names_its_characters)
{
    cr_assert(utf8(NULL, NULL, "en_GB.UTF-8"));
    cr_assert(utf8(NULL, NULL, "C.utf8"));
    cr_assert(utf8(NULL, NULL, "de_DE.utf-8@euro"));
    cr_assert_not(utf8(NULL, NULL, "utf8"), "a language, not a charset");
    cr_assert_not(utf8(NULL, NULL, "de_DE.ISO-8859-1"));
    cr_assert_not(utf8(NULL, NULL, NULL));
}

Test(stats_terminal, the_first_locale_that_is_set_counts)
{
    cr_assert(utf8("C.UTF-8", "C", "C"));
    cr_assert_not(utf8("C", "C.UTF-8", "C.UTF-8"));
    cr_assert(utf8("", "C.UTF-8", "C"));
    cr_assert(utf8(NULL, "", "C.UTF-8"));
}

Test(stats_terminal, colours_are_for_terminals_that_have_them)
{
    cr_assert(colour("xterm", NULL));
    cr_assert(colour("xterm", ""));
    cr_assert_not(colour("xterm", "1"));
    cr_assert_not(colour("dumb", NULL));
    cr_assert_not(colour("", NULL));
    cr_assert_not(colour(NULL, NULL));
}
