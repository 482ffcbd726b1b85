/*
 * test_live_sweep.c - which pages under /dev/shm stay. The uid in their
 * names is ours, so nothing else of ours may start with live:yes meanwhile:
 * pids are taken that no process can have.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "live_path.h"
#include "live_sweep.h"
#include "page.h"

enum { NOBODY = 2147480000 }; /* above the kernel's highest pid */

static struct stats_header page;

static const char *
name_of(int pid, int generation)
{
    static char name[100];

    snprintf(name, sizeof name, LIVE_PREFIX "%u.%d.%d", geteuid(), pid,
             generation);
    return name;
}

static void
make_page(int pid, int generation, int64_t start_unix_ns)
{
    int fd = open(name_of(pid, generation), O_CREAT | O_WRONLY | O_TRUNC, 0600);

    page.start_unix_ns = start_unix_ns;
    cr_assert_eq(write(fd, &page, sizeof page), sizeof page);
    close(fd);
}

static bool
exists(int pid, int generation)
{
    struct stat status;

    return stat(name_of(pid, generation), &status) == 0;
}

static int64_t
now_ns(void)
{
    return (int64_t)time(NULL) * 1000000000 + 999999999;
}

static void
set_back(int pid, time_t seconds)
{
    struct timespec times[2];
    struct stat status;

    stat(name_of(pid, 1), &status);
    times[0] = status.st_atim;
    times[1].tv_sec = status.st_mtim.tv_sec - seconds;
    times[1].tv_nsec = 0;
    utimensat(AT_FDCWD, name_of(pid, 1), times, 0);
}

static void
clean_up(void)
{
    for (int generation = 1; generation < 4; generation++) {
        unlink(name_of(NOBODY, generation));
        unlink(name_of(getpid(), generation));
    }
}

TestSuite(live_sweep, .fini = clean_up);

Test(live_sweep, the_first_generation_is_one)
{
    cr_assert_eq(live_sweep(getpid()), 1);
}

Test(live_sweep, a_dead_page_stays_for_an_hour)
{
    make_page(NOBODY, 1, now_ns());
    live_sweep(getpid());
    cr_assert(exists(NOBODY, 1));
    set_back(NOBODY, 3500);
    live_sweep(getpid());
    cr_assert(exists(NOBODY, 1));
    set_back(NOBODY, 200);
    live_sweep(getpid());
    cr_assert_not(exists(NOBODY, 1));
}

Test(live_sweep, a_long_life_does_not_shorten_the_hour)
{
    make_page(NOBODY, 1, now_ns());
    set_back(NOBODY, 100000);
    live_sweep(getpid());
    cr_assert(exists(NOBODY, 1));
}

Test(live_sweep, a_living_page_is_left_alone)
{
    make_page(1, 1, now_ns());
    set_back(1, 100000);
    live_sweep(getpid());
    cr_assert(exists(1, 1));
    unlink(name_of(1, 1));
}

Test(live_sweep, the_program_before_an_exec_is_marked)
{
    uint32_t end = 0;
    int fd;

    make_page(getpid(), 1, now_ns());
    make_page(getpid(), 2, now_ns());
    cr_assert_eq(live_sweep(getpid()), 3);
    fd = open(name_of(getpid(), 2), O_RDONLY);
    cr_assert_eq(
        pread(fd, &end, sizeof end, offsetof(struct stats_header, end)),
        sizeof end);
    close(fd);
    cr_assert_eq(end, STATS_END_EXEC);
}

Test(live_sweep, an_old_process_of_the_same_pid_goes)
{
    make_page(getpid(), 1, now_ns() - (int64_t)3600 * 1000000000);
    cr_assert_eq(live_sweep(getpid()), 1);
    cr_assert_not(exists(getpid(), 1));
}

Test(live_sweep, other_files_are_left_alone)
{
    const char *name = LIVE_PREFIX "not.a.page";
    int fd = open(name, O_CREAT | O_WRONLY, 0600);

    close(fd);
    live_sweep(getpid());
    cr_assert_eq(unlink(name), 0);
}
