/* test_report_file.c - a report becomes a file, whole or not at all. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report_file.h"

static char directory[] = "/tmp/midpool_test_XXXXXX";
static char path[200];

static void
make_directory(void)
{
    cr_assert_neq(mkdtemp(directory), NULL);
    snprintf(path, sizeof path, "%s/report.json", directory);
}

static void
remove_directory(void)
{
    struct rlimit limit;
    char command[200];

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    snprintf(command, sizeof command, "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
}

TestSuite(report_file, .init = make_directory, .fini = remove_directory);

static int
report(const char *text)
{
    return report_file_write(path, 0600, text, strlen(text));
}

static const char *
contents(const char *suffix)
{
    static char text[100];
    char name[300];
    FILE *file;

    snprintf(name, sizeof name, "%s%s", path, suffix);
    file = fopen(name, "r");
    if (file == NULL)
        return "(no file)";
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static int
entries(void)
{
    DIR *list = opendir(directory);
    int count = -2; /* . and .. */

    while (readdir(list) != NULL)
        count++;
    closedir(list);
    return count;
}

Test(report_file, is_written_for_its_owner_only)
{
    struct stat status;
    int before = dup(0);

    close(before);
    umask(0);
    errno = 77;
    cr_assert_eq(report("one\n"), 0);
    cr_assert_eq(errno, 77);
    cr_assert_str_eq(contents(""), "one\n");
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0600);
    cr_assert_eq(entries(), 1, "no temporary file is left");
    cr_assert_eq(dup(0), before, "no descriptor is left");
}

Test(report_file, is_readable_by_others_on_request)
{
    struct stat status;

    umask(022);
    cr_assert_eq(report_file_write(path, 0644, "one\n", 4), 0);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0644);
    umask(077);
    cr_assert_eq(report_file_write(path, 0644, "two\n", 4), 0);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0600);
}

Test(report_file, replaces_what_this_process_wrote)
{
    cr_assert_eq(report("one\n"), 0);
    cr_assert_eq(report("two\n"), 0);
    cr_assert_str_eq(contents(""), "two\n");
    cr_assert_eq(entries(), 1);
}

Test(report_file, never_touches_what_another_process_wrote)
{
    cr_assert_eq(report("one\n"), 0);
    report_file_forked();
    cr_assert_eq(report("two\n"), 0);
    report_file_forked();
    cr_assert_eq(report("three\n"), 0);
    cr_assert_eq(report("three again\n"), 0);
    cr_assert_str_eq(contents(""), "one\n");
    cr_assert_str_eq(contents(".2"), "two\n");
    cr_assert_str_eq(contents(".3"), "three again\n");
    cr_assert_eq(entries(), 3);
}

Test(report_file, does_not_follow_a_symbolic_link)
{
    char victim[300];
    int fd;

    snprintf(victim, sizeof victim, "%s/victim", directory);
    fd = open(victim, O_CREAT | O_WRONLY, 0600);
    cr_assert_eq(write(fd, "precious", 8), 8);
    close(fd);
    cr_assert_eq(symlink(victim, path), 0);
    cr_assert_eq(report("one\n"), 0);
    cr_assert_str_eq(contents(""), "precious");
    cr_assert_str_eq(contents(".2"), "one\n");
}

Test(report_file, a_missing_directory_is_an_error)
{
    strcat(path, "/deeper/report");
    cr_assert_eq(report("one\n"), ENOENT);
    cr_assert_eq(entries(), 0);
}

Test(report_file, a_directory_is_an_error)
{
    *strrchr(path, '/') = '\0';
    cr_assert_eq(report("one\n"), EISDIR);
    strcat(path, "/");
    cr_assert_eq(report("one\n"), EISDIR);
    cr_assert_eq(entries(), 0);
}

Test(report_file, a_limit_on_file_sizes_leaves_nothing_behind)
{
    struct rlimit none;

    getrlimit(RLIMIT_FSIZE, &none);
    none.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &none);
    cr_assert_eq(report("one\n"), EFBIG);
    cr_assert_eq(entries(), 0);
}

/* The lowest free descriptor becomes the limit: none is left. */
Test(report_file, no_descriptors_left_is_an_error)
{
    struct rlimit few;
    int lowest = dup(0);

    close(lowest);
    getrlimit(RLIMIT_NOFILE, &few);
    few.rlim_cur = (rlim_t)lowest;
    setrlimit(RLIMIT_NOFILE, &few);
    cr_assert_eq(report("one\n"), EMFILE);
}

Test(report_file, a_device_is_written_to_as_it_is)
{
    strcpy(path, "/dev/full");
    cr_assert_eq(report("one\n"), ENOSPC);
    strcpy(path, "/dev/null");
    cr_assert_eq(report("one\n"), 0);
}

Test(report_file, a_pipe_without_a_reader_does_not_block, .timeout = 20)
{
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_assert_eq(report("one\n"), ENXIO);
}
