/* test_environment.c - read once, and never trusted when privileged. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"

Test(environment, later_changes_make_no_difference)
{
    setenv("MIDPOOL_CONF", "report:json", 1);
    cr_assert(environment_read(environ));
    clearenv();
    cr_assert_str_eq(environment_conf(), "report:json");
}

Test(environment, what_the_constructor_is_given_counts)
{
    char first[] = "MIDPOOL_CONF=report:csv";
    char *const entries[] = {first, NULL};

    setenv("MIDPOOL_CONF", "report:json", 1);
    environment_read(environ);
    environment_read(entries);
    cr_assert_str_eq(environment_conf(), "report:csv");
}

Test(environment, may_not_be_there_yet)
{
    char **kept = environ;

    environ = NULL;
    cr_assert_not(environment_read(environ));
    cr_assert_str_eq(environment_conf(), "");
    environ = kept;
    setenv("MIDPOOL_CONF", "live:yes", 1);
    cr_assert(environment_read(environ));
    cr_assert_str_eq(environment_conf(), "live:yes");
}

Test(environment, an_unset_variable_is_empty)
{
    unsetenv("MIDPOOL_CONF");
    cr_assert(environment_read(environ));
    cr_assert_str_eq(environment_conf(), "");
}

Test(environment, a_long_value_is_cut_at_an_item)
{
    static char value[6000];

    memset(value, 'x', sizeof value - 1);
    memcpy(value, "report:json,", 12);
    setenv("MIDPOOL_CONF", value, 1);
    cr_assert(environment_read(environ));
    cr_assert(environment_conf_was_cut());
    cr_assert_str_eq(environment_conf(), "report:json");
}

static bool
utf8_with(const char *all, const char *ctype, const char *lang)
{
    setenv("LC_ALL", all, 1);
    setenv("LC_CTYPE", ctype, 1);
    setenv("LANG", lang, 1);
    environment_read(environ);
    return environment_is_utf8();
}

Test(environment, utf8_by_lang)
{
    cr_assert(utf8_with("", "", "de_DE.UTF-8"));
}

Test(environment, lc_all_overrides_lang)
{
    cr_assert_not(utf8_with("C", "", "en_US.utf8"));
}

Test(environment, lc_ctype_overrides_lang)
{
    cr_assert(utf8_with("", "en_US.utf8@x", "C"));
}

Test(environment, colour_is_not_for_everyone)
{
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    environment_read(environ);
    cr_assert_not(environment_wants_colour());
}

Test(environment, children_learn_who_reports)
{
    setenv("MIDPOOL_CONF", "report_children:no", 1);
    environment_read(environ);
    environment_mark(environ, 42);
    cr_assert_str_eq(getenv("MIDPOOL_CONF"), "report_children:no,reporter:42");
}

Test(environment, nothing_is_added_where_nothing_was)
{
    unsetenv("MIDPOOL_CONF");
    environment_read(environ);
    environment_mark(environ, 42);
    cr_assert_eq(getenv("MIDPOOL_CONF"), NULL);
}
