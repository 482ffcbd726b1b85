/* test_report_file.c - a report becomes a file, whole or not at all. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "numbered_name.h"
#include "report_file.h"
#include "stderr_target.h"

/* Another process's change after the report looked at its name. */
static void (*after_lstat)(void);

/* Errors of the file system; 0: none. */
static int renameat2_fails;
static int rename_fails;

static int
fail(int error)
{
    errno = error;
    return -1;
}

/* These take the place of libc's. */
int
lstat(const char *name, struct stat *status)
{
    int result = fstatat(AT_FDCWD, name, status, AT_SYMLINK_NOFOLLOW);

    if (after_lstat != NULL)
        after_lstat();
    return result;
}

#if !__GLIBC_PREREQ(2, 33)
/* Before glibc 2.33, what the name lstat stands for. */
int __lxstat(int version, const char *name, struct stat *status);

int
__lxstat(int version, const char *name, struct stat *status)
{
    (void)version;
    return lstat(name, status);
}
#endif

int
renameat2(int from, const char *old, int to, const char *name, unsigned flags)
{
    if (renameat2_fails != 0)
        return fail(renameat2_fails);
    return (int)syscall(SYS_renameat2, from, old, to, name, flags);
}

int
rename(const char *old, const char *name)
{
    if (rename_fails != 0)
        return fail(rename_fails);
    return renameat(AT_FDCWD, old, AT_FDCWD, name);
}

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
write_text(const char *name, enum report_file_use use, const char *bytes,
           size_t beginning)
{
    struct report_file_text text = {bytes, strlen(bytes), beginning};

    return report_file_write(name, use, &text);
}

static int
report(const char *text)
{
    return write_text(path, REPORT_FILE_KEPT, text, 0);
}

static const char *
contents(const char *number)
{
    static char text[100];
    char name[300];
    FILE *file;

    snprintf(name, sizeof name, "%s/report%s.json", directory, number);
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
    cr_assert_eq(write_text(path, REPORT_FILE_COLLECTED, "one\n", 0), 0);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0644);
    umask(077);
    cr_assert_eq(write_text(path, REPORT_FILE_COLLECTED, "two\n", 0), 0);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0600);
}

/* Longer than what a report is recognised by. */
#define METRICS "# HELP midpool_info a report\n"

static int
collect(const char *text)
{
    return write_text(path, REPORT_FILE_COLLECTED, text, 16);
}

Test(report_file, a_collector_finds_the_newest_under_the_one_name)
{
    cr_assert_eq(collect(METRICS "1\n"), 0);
    report_file_forked(); /* as another process */
    cr_assert_eq(collect(METRICS "2\n"), 0);
    cr_assert_str_eq(contents(""), METRICS "2\n");
    cr_assert_eq(entries(), 1);
}

/* A process whose file somebody touched, as a backup does, knows it by that. */
Test(report_file, a_collector_never_finds_two_reports_of_one_process)
{
    static const char one[] = METRICS "instance=\"1\" 5\n";
    static const char again[] = METRICS "instance=\"1\" 6\n";
    static const char other[] = METRICS "instance=\"2\" 7\n";
    size_t same = sizeof METRICS "instance=\"1\"" - 1;
    char numbered[220];

    snprintf(numbered, sizeof numbered, "%s/report.2.json", directory);

    cr_assert_eq(write_text(path, REPORT_FILE_COLLECTED, other, same), 0);
    report_file_forked();
    cr_assert_eq(write_text(path, REPORT_FILE_COLLECTED, one, same), 0);
    cr_assert_str_eq(contents(""), other);
    cr_assert_str_eq(contents(".2"), one);
    usleep(50000); /* longer than the step of a file's times */
    cr_assert_eq(chmod(numbered, 0640), 0);
    cr_assert_eq(write_text(path, REPORT_FILE_COLLECTED, again, same), 0);
    cr_assert_str_eq(contents(".2"), again);
    cr_assert_eq(entries(), 2);
}

Test(report_file, a_collector_costs_nobody_another_file)
{
    cr_assert_eq(report("# HELP me, please\n"), 0);
    report_file_forked();
    cr_assert_eq(collect(METRICS), 0);
    cr_assert_str_eq(contents(""), "# HELP me, please\n");
    cr_assert_str_eq(contents(".2"), METRICS);
}

Test(report_file, reports_to_be_kept_do_not_replace_each_other)
{
    cr_assert_eq(report(METRICS "1\n"), 0);
    report_file_forked();
    cr_assert_eq(report(METRICS "2\n"), 0);
    cr_assert_str_eq(contents(""), METRICS "1\n");
    cr_assert_eq(entries(), 2);
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

static void create(const char *name);

Test(report_file, a_number_stands_before_the_ending_or_at_the_end)
{
    static const char *const names[][2] = {
        {"svc.json", "svc.2.json"},         {"svc", "svc.2"},
        {"svc.a.prom", "svc.a.2.prom"},     {".svc", ".svc.2"},
        {".svc.csv", ".svc.2.csv"},         {"a.b/svc", "a.b/svc.2"},
        {"a.b/svc.json", "a.b/svc.2.json"},
    };
    char long_name[PATH_MAX + 1];
    char out[PATH_MAX];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cr_assert(numbered_name(out, names[i][0], 2));
        cr_assert_str_eq(out, names[i][1]);
    }
    memset(long_name, 'x', PATH_MAX);
    long_name[PATH_MAX - 2] = '\0';
    cr_assert_not(numbered_name(out, long_name, 2));
}

/* The 10,000th process of a service that restarts is reported, too. */
Test(report_file, thousands_of_reports_may_have_one_name)
{
    char name[300];

    create(path);
    for (int i = 2; i < 12000; i++) {
        snprintf(name, sizeof name, "%s/report.%d.json", directory, i);
        create(name);
    }
    cr_assert_eq(report("one\n"), 0);
    cr_assert_str_eq(contents(".12000"), "one\n");
    cr_assert_eq(report("two\n"), 0);
    cr_assert_str_eq(contents(".12000"), "two\n");
    report_file_forked();
    cr_assert_eq(report("three\n"), 0);
    cr_assert_str_eq(contents(".12001"), "three\n");
}

static void
create(const char *name)
{
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);

    cr_assert_eq(write(fd, "precious", 8), 8);
    close(fd);
}

/* Under the report's name, to precious data. */
static void
make_link(void)
{
    char victim[300];

    snprintf(victim, sizeof victim, "%s/victim", directory);
    create(victim);
    cr_assert_eq(symlink(victim, path), 0);
}

Test(report_file, does_not_follow_a_symbolic_link)
{
    make_link();
    cr_assert_eq(report("one\n"), 0);
    cr_assert_str_eq(contents(""), "precious");
    cr_assert_str_eq(contents(".2"), "one\n");
}

/* A pipe with its reader has the report's name; returns the reader. */
static int
make_pipe(void)
{
    cr_assert_eq(mkfifo(path, 0600), 0);
    return open(path, O_RDONLY | O_NONBLOCK);
}

static void
put_link_in_its_place(void)
{
    after_lstat = NULL;
    unlink(path);
    make_link();
}

Test(report_file, does_not_follow_a_link_that_took_the_place_of_a_pipe)
{
    make_pipe();
    after_lstat = put_link_in_its_place;
    cr_assert_eq(report("one\n"), ELOOP);
    cr_assert_str_eq(contents(""), "precious");
}

static void
put_file_in_its_place(void)
{
    after_lstat = NULL;
    unlink(path);
    create(path);
}

Test(report_file, does_not_write_to_a_file_that_took_the_place_of_a_pipe)
{
    make_pipe();
    after_lstat = put_file_in_its_place;
    cr_assert_eq(report("one\n"), EEXIST);
    cr_assert_str_eq(contents(""), "precious");
}

/* Another process' report may have got the inode of ours. */
Test(report_file, what_was_changed_since_is_not_ours_any_more)
{
    struct stat first;
    struct stat now;

    cr_assert_eq(report("one\n"), 0);
    cr_assert_eq(stat(path, &first), 0);
    do { /* the clock of files is a coarse one */
        cr_assert_eq(chmod(path, 0600), 0);
        cr_assert_eq(stat(path, &now), 0);
    } while (now.st_ctim.tv_sec == first.st_ctim.tv_sec &&
             now.st_ctim.tv_nsec == first.st_ctim.tv_nsec);
    cr_assert_eq(report("two\n"), 0);
    cr_assert_str_eq(contents(""), "one\n");
    cr_assert_str_eq(contents(".2"), "two\n");
}

Test(report_file, may_have_the_longest_name)
{
    size_t length = strlen(directory) + 1;
    static char longest[300];

    memset(longest, 'x', sizeof longest);
    memcpy(longest, directory, length - 1);
    longest[length - 1] = '/';
    longest[length + NAME_MAX] = '\0';
    cr_assert_eq(write_text(longest, REPORT_FILE_KEPT, "one\n", 0), 0);
    longest[length + NAME_MAX] = 'x';
    longest[length + NAME_MAX + 1] = '\0';
    cr_assert_eq(write_text(longest, REPORT_FILE_KEPT, "one\n", 0),
                 ENAMETOOLONG);
    cr_assert_eq(entries(), 1);
}

/* An old file system, and a disk that is full in between. */
Test(report_file, a_name_that_could_not_be_taken_is_given_back)
{
    renameat2_fails = EINVAL;
    rename_fails = ENOSPC;
    cr_assert_eq(report("one\n"), ENOSPC);
    cr_assert_eq(entries(), 0);
    rename_fails = 0;
    cr_assert_eq(report("one\n"), 0);
    cr_assert_str_eq(contents(""), "one\n");
}

Test(report_file, a_descriptor_by_its_name_may_be_a_socket)
{
    char text[10] = "";
    int ends[2];

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    cr_assert_eq(report("one\n"), 0);
    cr_assert_eq(read(ends[0], text, sizeof text - 1), 4);
    cr_assert_str_eq(text, "one\n");
    snprintf(path, sizeof path, "/proc/self/fd/%d", 777);
    cr_assert_eq(report("one\n"), EBADF);
}

/* As under systemd, whose journal is a socket. */
Test(report_file, stderr_may_be_a_socket)
{
    int kept = dup(2);
    char text[10] = "";
    int ends[2];
    int error;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    dup2(ends[1], 2);
    stderr_target_record();
    strcpy(path, "/dev/stderr");
    error = report("one\n");
    dup2(kept, 2);
    cr_assert_eq(error, 0);
    cr_assert_eq(read(ends[0], text, sizeof text - 1), 4);
    cr_assert_str_eq(text, "one\n");
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
