/* test_process.c - who we are, before and after a fork. */
#include <criterion/criterion.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "process_birth.h"

static struct stats_header page;

Test(process, is_described_in_the_page)
{
    char path[512] = "";
    char host[72] = "";
    struct timespec now;

    process_identify();
    process_describe(&page);
    cr_assert_str_empty(page.magic, "not yet");
    process_publish(&page);
    cr_assert_gt(readlink("/proc/self/exe", path, sizeof path - 1), 0);
    gethostname(host, sizeof host - 1);
    cr_assert_str_eq(page.magic, "midpool");
    cr_assert_eq(page.pid, getpid());
    cr_assert_eq(page.ppid, getppid());
    cr_assert_eq(page.generation, 1);
    cr_assert_eq(page.end, STATS_END_RUNNING);
    cr_assert_str_eq(page.executable, path);
    cr_assert_str_eq(page.host, host);
    /* Not time(): it reads a clock that is up to a tick behind. */
    clock_gettime(CLOCK_REALTIME, &now);
    cr_assert_leq(page.start_unix_ns / 1000000000, now.tv_sec);
    cr_assert_gt(page.start_monotonic_ns, 0);
}

Test(process, has_a_build_id_in_hex)
{
    process_identify();
    cr_assert_eq(strlen(process_self()->build_id), 40);
    cr_assert_eq(strspn(process_self()->build_id, "0123456789abcdef"), 40);
}

Test(process, a_child_is_another_until_it_is_told)
{
    int status;

    process_identify();
    cr_assert(process_is_self());
    if (fork() == 0) {
        bool before = process_is_self();
        int parent = process_self()->pid;

        process_forked();
        _exit(!before && process_is_self() && process_self()->forked &&
                      process_self()->parent == parent
                  ? 0
                  : 1);
    }
    wait(&status);
    cr_assert_eq(status, 0);
    cr_assert_not(process_self()->forked);
}

Test(process, is_told_from_others_by_its_birth)
{
    struct stats_birth parent = process_birth();
    struct stats_birth child;
    int ends[2];

    cr_assert_gt(parent.start_ticks, 0);
    cr_assert_gt(parent.pid_namespace, 0);
    cr_assert_eq(pipe(ends), 0);
    if (fork() == 0) {
        child = process_birth();
        _exit(write(ends[1], &child, sizeof child) == sizeof child ? 0 : 1);
    }
    cr_assert_eq(read(ends[0], &child, sizeof child), sizeof child);
    cr_assert_eq(child.pid_namespace, parent.pid_namespace);
    cr_assert_geq(child.start_ticks, parent.start_ticks);
    cr_assert_eq(process_birth().start_ticks, parent.start_ticks);
}
