/* test_pattern.c - names of report files. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "pattern.h"

static const struct pattern_values values = {
    .pid = 12,
    .parent = 3,
    .start_seconds = 1700000000,
    .number = 2,
    .executable = "/usr/bin/sqlite3",
    .host = "box",
};

static const char *
expand(const char *text)
{
    static char path[PATH_MAX];

    cr_assert_eq(pattern_expand(text, "/start", &values, path, sizeof path), 0,
                 "%s", text);
    return path;
}

Test(pattern, every_letter_has_its_value)
{
    cr_assert_str_eq(expand("/d/%p.%P.%e.%h.%t.%n.%%"),
                     "/d/12.3.sqlite3.box.1700000000.2.%");
}

Test(pattern, tells_whether_each_process_has_a_name_of_its_own)
{
    static const char *const shared[] = {"a.prom", "%e.%h.%n.%P.prom",
                                         "%%p.prom", "p%", "%%t%%p"};
    static const char *const own[] = {"%p", "%t", "%e.%p.prom", "%%%p"};

    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
        cr_expect_not(pattern_is_per_process(shared[i]), "%s", shared[i]);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        cr_expect(pattern_is_per_process(own[i]), "%s", own[i]);
}

Test(pattern, a_relative_name_is_in_the_directory_of_the_start)
{
    cr_assert_str_eq(expand("midpool.%e.%p.json"),
                     "/start/midpool.sqlite3.12.json");
    cr_assert_str_eq(expand("a/b"), "/start/a/b");
}

Test(pattern, a_value_can_not_leave_the_directory)
{
    struct pattern_values evil = values;
    char path[PATH_MAX];

    evil.host = "../../etc";
    cr_assert_eq(pattern_expand("%h", "/start", &evil, path, sizeof path), 0);
    cr_assert_str_eq(path, "/start/.._.._etc");
}

Test(pattern, unknown_letters_are_not_valid)
{
    char path[PATH_MAX];

    cr_assert(pattern_is_valid(""));
    cr_assert(pattern_is_valid("100%%"));
    cr_assert_not(pattern_is_valid("%q"));
    cr_assert_not(pattern_is_valid("abc%"));
    cr_assert_eq(pattern_expand("%q", "/", &values, path, sizeof path), EINVAL);
}

Test(pattern, what_does_not_fit_is_refused)
{
    char path[PATH_MAX];

    cr_assert_eq(pattern_expand("/%e", "/", &values, path, 8), ENAMETOOLONG);
    cr_assert_eq(pattern_expand("/%e", "/", &values, path, 9), 0);
}

/* Up to the longest path that the system takes. */
Test(pattern, a_long_directory_is_no_hindrance)
{
    char directory[PATH_MAX];
    char path[PATH_MAX];

    memset(directory, 'x', sizeof directory);
    directory[0] = '/';
    directory[PATH_MAX - 3] = '\0';
    cr_assert_eq(pattern_expand("r", directory, &values, path, sizeof path), 0);
    cr_assert_eq(strlen(path), PATH_MAX - 1);
    cr_assert_eq(pattern_expand("rr", directory, &values, path, sizeof path),
                 ENAMETOOLONG);
}

/* The working directory was deleted before the program started. */
Test(pattern, without_a_directory_there_is_no_relative_name)
{
    char path[PATH_MAX];

    cr_assert_eq(pattern_expand("r", "", &values, path, sizeof path), ENOENT);
    cr_assert_eq(
        pattern_expand("r", "(unreachable)/x", &values, path, sizeof path),
        ENOENT);
    cr_assert_eq(pattern_expand("/r", "", &values, path, sizeof path), 0);
}
