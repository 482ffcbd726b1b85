/*
 * test_live_sweep.c - which pages under /dev/shm stay. The uid in their
 * names is ours, so nothing else of ours may start with live:yes meanwhile:
 * pids are taken that no process can have.
 *
 * A mapping of a page that was locked before stands for a process that
 * counts in it.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "live_path.h"
#include "live_sweep.h"
#include "page.h"
#include "process_birth.h"

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

/* A page of a process that pid was ticks after us. */
static void
make_page(int pid, int generation, uint64_t ticks)
{
    int fd = open(name_of(pid, generation), O_CREAT | O_WRONLY | O_TRUNC, 0600);

    page.birth = process_birth();
    page.birth.start_ticks += ticks;
    cr_assert_eq(write(fd, &page, sizeof page), sizeof page);
    close(fd);
}

/* The same in another PID namespace. */
static void
make_foreign_page(int pid, int generation)
{
    const off_t place = offsetof(struct stats_header, birth.pid_namespace);
    uint64_t other = process_birth().pid_namespace + 1;
    int fd;

    make_page(pid, generation, 0);
    fd = open(name_of(pid, generation), O_WRONLY);
    cr_assert_eq(pwrite(fd, &other, sizeof other, place), sizeof other);
    close(fd);
}

static void *
map_page(int pid, int generation)
{
    int fd = open(name_of(pid, generation), O_RDWR);
    void *mapping;

    live_lock(fd);
    mapping = mmap(NULL, sizeof page, PROT_READ, MAP_SHARED, fd, 0);
    cr_assert_neq(mapping, MAP_FAILED);
    close(fd);
    return mapping;
}

static uint32_t
sweep(void)
{
    struct stats_birth birth = process_birth();

    return live_sweep(getpid(), &birth, UINT64_MAX, 0).generation;
}

static uint32_t
end_of(int pid, int generation)
{
    uint32_t end = 99;
    int fd = open(name_of(pid, generation), O_RDONLY);

    cr_assert_eq(
        pread(fd, &end, sizeof end, offsetof(struct stats_header, end)),
        sizeof end);
    close(fd);
    return end;
}

static bool
exists(int pid, int generation)
{
    struct stat status;

    return stat(name_of(pid, generation), &status) == 0;
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
    cr_assert_eq(sweep(), 1);
}

Test(live_sweep, a_dead_page_stays_for_an_hour)
{
    make_page(NOBODY, 1, 0);
    sweep();
    cr_assert(exists(NOBODY, 1));
    set_back(NOBODY, 3500);
    sweep();
    cr_assert(exists(NOBODY, 1));
    set_back(NOBODY, 200);
    sweep();
    cr_assert_not(exists(NOBODY, 1));
}

Test(live_sweep, a_long_life_does_not_shorten_the_hour)
{
    make_page(NOBODY, 1, 0);
    set_back(NOBODY, 100000);
    sweep();
    cr_assert(exists(NOBODY, 1));
}

Test(live_sweep, a_living_page_is_left_alone)
{
    make_page(1, 1, 0);
    set_back(1, 100000);
    sweep();
    cr_assert(exists(1, 1));
    unlink(name_of(1, 1));
}

Test(live_sweep, a_page_that_is_mapped_is_left_alone_without_its_process)
{
    void *mapping;

    make_foreign_page(NOBODY, 1);
    mapping = map_page(NOBODY, 1);
    sweep();
    set_back(NOBODY, 100000);
    sweep();
    cr_assert(exists(NOBODY, 1));
    munmap(mapping, sizeof page);
    set_back(NOBODY, 61);
    sweep();
    set_back(NOBODY, 3700);
    sweep();
    cr_assert_not(exists(NOBODY, 1));
}

Test(live_sweep, the_program_before_an_exec_is_marked)
{
    make_page(getpid(), 1, 0);
    make_page(getpid(), 2, 0);
    cr_assert_eq(sweep(), 3);
    cr_assert_eq(end_of(getpid(), 2), STATS_END_EXEC);
}

/* However the clock was set in between. */
Test(live_sweep, the_time_of_day_does_not_matter)
{
    page.start_unix_ns = 1;
    make_page(getpid(), 1, 0);
    cr_assert_eq(sweep(), 2);
    cr_assert_eq(end_of(getpid(), 1), STATS_END_EXEC);
}

Test(live_sweep, a_program_that_had_ended_stays_so)
{
    page.end = STATS_END_EXIT;
    make_page(getpid(), 1, 0);
    sweep();
    cr_assert_eq(end_of(getpid(), 1), STATS_END_EXIT);
}

Test(live_sweep, an_old_process_of_the_same_pid_goes)
{
    make_page(getpid(), 1, (uint64_t)-1);
    cr_assert_eq(sweep(), 1);
    cr_assert_not(exists(getpid(), 1));
}

/* Containers that share /dev/shm: the same pid is several processes. */
Test(live_sweep, the_same_pid_of_another_namespace_is_left_alone)
{
    void *mapping;

    make_foreign_page(getpid(), 1);
    mapping = map_page(getpid(), 1);
    cr_assert_eq(sweep(), 2);
    set_back(getpid(), 100000);
    cr_assert_eq(sweep(), 2);
    cr_assert(exists(getpid(), 1));
    cr_assert_eq(end_of(getpid(), 1), STATS_END_RUNNING);
    munmap(mapping, sizeof page);
}

Test(live_sweep, the_same_pid_of_another_namespace_has_its_hour_when_dead)
{
    make_foreign_page(getpid(), 1);
    cr_assert_eq(sweep(), 2);
    set_back(getpid(), 3500);
    cr_assert_eq(sweep(), 2);
    set_back(getpid(), 200);
    cr_assert_eq(sweep(), 2);
    cr_assert_not(exists(getpid(), 1));
    cr_assert_eq(sweep(), 1);
}

/* Access to it is what a sweep saves: see live_sweep.h. */
Test(live_sweep, a_page_that_is_mapped_is_opened_once_a_minute)
{
    struct stat status;
    void *mapping;

    make_foreign_page(NOBODY, 1);
    mapping = map_page(NOBODY, 1);
    sweep();
    stat(name_of(NOBODY, 1), &status);
    cr_assert_eq(status.st_atim.tv_sec, 2);
    munmap(mapping, sizeof page);
    sweep();
    stat(name_of(NOBODY, 1), &status);
    cr_assert_eq(status.st_atim.tv_sec, 2);
    set_back(NOBODY, 61);
    sweep();
    stat(name_of(NOBODY, 1), &status);
    cr_assert_eq(status.st_atim.tv_sec, 1);
}

Test(live_sweep, bytes_are_counted)
{
    struct stats_birth birth = process_birth();
    uint64_t before = live_sweep(getpid(), &birth, UINT64_MAX, 0).bytes;

    make_page(NOBODY, 1, 0);
    cr_assert_geq(live_sweep(getpid(), &birth, UINT64_MAX, 0).bytes,
                  before + sizeof page);
}

Test(live_sweep, dead_pages_go_where_room_is_short)
{
    struct stats_birth birth = process_birth();
    void *mapping;

    make_page(NOBODY, 1, 0);
    make_foreign_page(NOBODY, 2);
    mapping = map_page(NOBODY, 2);
    live_sweep(getpid(), &birth, sizeof page, sizeof page);
    cr_assert_not(exists(NOBODY, 1));
    cr_assert(exists(NOBODY, 2));
    munmap(mapping, sizeof page);
}

Test(live_sweep, an_earlier_process_is_told_from_this_one)
{
    struct stats_birth birth = process_birth();

    make_page(getpid(), 1, 0);
    cr_assert_not(live_sweep_earlier(name_of(getpid(), 1), &birth));
    make_page(getpid(), 2, (uint64_t)-1);
    cr_assert(live_sweep_earlier(name_of(getpid(), 2), &birth));
    cr_assert_not(exists(getpid(), 2));
}

Test(live_sweep, other_files_are_left_alone)
{
    const char *name = LIVE_PREFIX "not.a.page";
    int fd = open(name, O_CREAT | O_WRONLY, 0600);

    close(fd);
    sweep();
    cr_assert_eq(unlink(name), 0);
}
