/*
 * test_exit_report.c - where reports go, and that the program does not
 * notice. The pools are not started: an empty page is as good.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exit_report.h"
#include "pool.h"
#include "process.h"
#include "stderr_target.h"

static char directory[] = "/tmp/midpool_test_XXXXXX";
static struct options options;
static int kept_stderr;

/* Takes Criterion's place: the test's directory, and a file as stderr. */
static void
start_in_directory(void)
{
    int fd;

    cr_assert_neq(mkdtemp(directory), NULL);
    cr_assert_eq(chdir(directory), 0);
    kept_stderr = dup(2);
    fd = open("stderr", O_CREAT | O_WRONLY | O_APPEND, 0600);
    dup2(fd, 2);
    close(fd);
    options_init(&options);
    process_identify();
    process_describe(pool_page());
    stderr_target_record();
    options.report_min_gets = 0;
    exit_report_init(&options);
}

static void
remove_directory(void)
{
    char command[200];

    dup2(kept_stderr, 2);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(exit_report, .init = start_in_directory, .fini = remove_directory);

static const char *
contents(const char *name)
{
    static char text[REPORT_MAX_BYTES];
    FILE *file = fopen(name, "r");

    if (file == NULL)
        return "";
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static char *
name_with_pid(const char *start, const char *end)
{
    static char name[100];

    snprintf(name, sizeof name, "%s%d%s", start, getpid(), end);
    return name;
}

static void
report(void)
{
    errno = 99;
    exit_report_write(EXIT_REPORT_AT_EXIT);
    cr_assert_eq(errno, 99);
}

static bool
is_text(const char *report_text)
{
    return strncmp(report_text, "midpool ", 8) == 0;
}

static bool
is_json(const char *report_text)
{
    return strncmp(report_text, "{\"schema\": \"midpool.report\"", 27) == 0;
}

Test(exit_report, text_goes_to_stderr)
{
    int lowest = dup(0);

    close(lowest);
    report();
    cr_assert(is_text(contents("stderr")));
    cr_assert_eq(dup(0), lowest, "no descriptor is left");
}

Test(exit_report, a_process_with_few_gets_says_nothing)
{
    options.report_min_gets = 1;
    pool_page()->active = 1;
    report();
    cr_assert_str_eq(contents("stderr"), "");
    exit_report_write(EXIT_REPORT_ON_SIGNAL);
    cr_assert(is_text(contents("stderr")), "who asks is answered");
}

Test(exit_report, what_is_wrong_is_said_all_the_same)
{
    options.report_min_gets = 1;
    pool_page()->active = 1;
    pool_page()->double_frees = 1;
    report();
    cr_assert(is_text(contents("stderr")));
}

Test(exit_report, pools_that_were_not_active_are_told_of)
{
    options.report_min_gets = 1;
    pool_page()->active = 0;
    report();
    cr_assert(is_text(contents("stderr")));
}

Test(exit_report, other_formats_go_to_a_file_named_by_default)
{
    options.report = REPORT_JSON;
    report();
    cr_assert(
        is_json(contents(name_with_pid("midpool.test_exit_report.", ".json"))));
    cr_assert_str_eq(contents("stderr"), "");
}

Test(exit_report, a_report_ends_with_a_line_end)
{
    const char *text;

    options.report = REPORT_JSON;
    strcpy(options.report_file, "out");
    report();
    text = contents("out");
    cr_assert(is_json(text));
    cr_assert_eq(text[strlen(text) - 1], '\n');
}

Test(exit_report, text_goes_to_a_file_on_request)
{
    strcpy(options.report_file, "%e.%p.%n");
    report();
    cr_assert(is_text(contents(name_with_pid("test_exit_report.", ".1"))));
    report();
    cr_assert(is_text(contents(name_with_pid("test_exit_report.", ".2"))));
}

Test(exit_report, a_daemon_that_changed_directory_finds_its_file)
{
    strcpy(options.report_file, "out");
    cr_assert_eq(chdir("/"), 0);
    report();
    cr_assert_eq(chdir(directory), 0);
    cr_assert(is_text(contents("out")));
}

Test(exit_report, none_is_nothing)
{
    options.report = REPORT_NONE;
    strcpy(options.report_file, "out");
    report();
    cr_assert_str_eq(contents("out"), "");
    cr_assert_str_eq(contents("stderr"), "");
}

Test(exit_report, a_file_that_can_not_be_written_is_complained_of)
{
    strcpy(options.report_file, "/nowhere/at/all");
    report();
    cr_assert_str_eq(contents("stderr"),
                     "midpool: no report written to /nowhere/at/all: No such"
                     " file or directory\n");
}

/* The program was started in a directory that is no more. */
Test(exit_report, without_a_directory_nothing_is_written_elsewhere)
{
    options.report = REPORT_JSON;
    cr_assert_eq(mkdir("gone", 0700), 0);
    cr_assert_eq(chdir("gone"), 0);
    cr_assert_eq(rmdir("../gone"), 0);
    process_identify();
    report();
    cr_assert_eq(chdir(directory), 0);
    cr_assert_str_eq(contents("stderr"),
                     "midpool: no report written to midpool.%e.%p.json: No"
                     " such file or directory\n");
}

/* Longer than a line of text. */
Test(exit_report, goes_to_a_directory_far_down)
{
    static const char name[200] = {[0 ... 198] = 'x'};

    for (int i = 0; i < 15; i++) {
        cr_assert_eq(mkdir(name, 0700), 0);
        cr_assert_eq(chdir(name), 0);
    }
    process_identify();
    strcpy(options.report_file, "out");
    report();
    cr_assert(is_text(contents("out")));
}

Test(exit_report, a_long_name_does_not_hide_the_reason)
{
    static const char name[200] = {[0 ... 198] = 'x'};

    for (int i = 0; i < 15; i++) {
        cr_assert_eq(mkdir(name, 0700), 0);
        cr_assert_eq(chdir(name), 0);
    }
    process_identify();
    strcpy(options.report_file, "nowhere/out");
    report();
    cr_assert_eq(chdir(directory), 0);
    cr_assert_neq(strstr(contents("stderr"), ": No such file or directory\n"),
                  NULL);
}

Test(exit_report, never_lands_in_a_file_that_took_descriptor_2)
{
    close(2);
    cr_assert_eq(open("data", O_CREAT | O_RDWR, 0600), 2);
    report();
    cr_assert_str_eq(contents("data"), "");
    cr_assert(is_text(contents("stderr")), "the file is opened anew");
}

Test(exit_report, text_without_its_stderr_becomes_a_file)
{
    cr_assert_eq(unlink("stderr"), 0);
    close(2);
    report();
    cr_assert(
        is_text(contents(name_with_pid("midpool.test_exit_report.", ".txt"))));
}

Test(exit_report, a_program_started_without_stderr_gets_no_text)
{
    close(2);
    stderr_target_record();
    report();
    cr_assert_str_eq(
        contents(name_with_pid("midpool.test_exit_report.", ".txt")), "");
}

/* As with "program 2<data": nobody asked for the file to be written. */
Test(exit_report, a_stderr_that_was_only_readable_is_left_alone)
{
    close(2);
    cr_assert_eq(open("stderr", O_RDONLY), 2);
    stderr_target_record();
    close(2);
    report();
    cr_assert_str_eq(contents("stderr"), "");
}

Test(exit_report, a_pipe_is_had_again_from_another_descriptor)
{
    static char text[10000];
    int ends[2];

    cr_assert_eq(pipe(ends), 0);
    dup2(ends[1], 2);
    stderr_target_record();
    close(2);
    report();
    cr_assert_gt(read(ends[0], text, sizeof text - 1), 0);
    cr_assert(is_text(text));
}

Test(exit_report, a_silenced_subshell_stays_silent)
{
    int status;

    if (fork() == 0) {
        process_forked();
        exit_report_forked();
        close(2);
        open("/dev/null", O_WRONLY);
        exit_report_write(EXIT_REPORT_AT_EXIT);
        _exit(0);
    }
    wait(&status);
    cr_assert_str_eq(contents("stderr"), "");
}

Test(exit_report, a_daemon_reports_where_it_was_started)
{
    int status;

    if (fork() == 0) {
        process_forked();
        exit_report_forked();
        setsid();
        close(2);
        open("/dev/null", O_WRONLY);
        exit_report_write(EXIT_REPORT_AT_EXIT);
        _exit(0);
    }
    wait(&status);
    cr_assert(is_text(contents("stderr")));
}

static void
report_in_child(void)
{
    int status;

    if (fork() == 0) {
        process_forked();
        exit_report_forked();
        exit_report_write(EXIT_REPORT_AT_EXIT);
        _exit(0);
    }
    wait(&status);
}

Test(exit_report, children_report_unless_told_not_to)
{
    options.report_children = false;
    report_in_child();
    cr_assert_str_eq(contents("stderr"), "");
    options.report_children = true;
    report_in_child();
    cr_assert(is_text(contents("stderr")));
}

Test(exit_report, a_program_whose_parent_reports_is_silent)
{
    options.report_children = false;
    options.reporter = getpid();
    report();
    cr_assert(is_text(contents("stderr")), "exec keeps the pid: no child");
    cr_assert_eq(truncate("stderr", 0), 0);
    options.reporter = getppid();
    report();
    cr_assert_str_eq(contents("stderr"), "");
}

Test(exit_report, can_be_had_on_a_descriptor_in_any_format)
{
    int fd = open("out", O_CREAT | O_WRONLY | O_TRUNC, 0600);

    cr_assert_eq(exit_report_to_fd(fd, REPORT_JSON), 0);
    cr_assert(is_json(contents("out")));
    cr_assert_eq(exit_report_to_fd(777, REPORT_JSON), EBADF);
}

static bool
report_says(const char *words)
{
    options.report = REPORT_JSON;
    strcpy(options.report_file, "out");
    report();
    return strstr(contents("out"), words) != NULL;
}

/* As heaptrack does, when it is preloaded before us. */
Test(exit_report, a_library_that_hands_calls_on_is_no_hindrance)
{
    struct stats_header *page = pool_page();
    struct stats_hot *hot = stats_block_at(page, PAGE_FIRST_BLOCK)->hot;

    page->blocks_used = PAGE_FIRST_BLOCK + 1;
    page->reserved_bytes = 1;
    page->active = 0;
    strcpy(page->reason, "another malloc");
    cr_assert(report_says("\"active\": false, \"reason\": \"another malloc"));
    hot[0].granted = hot[0].misses = hot[0].puts = 1;
    cr_assert(report_says("\"active\": true, \"reason\": \"\""));
}
