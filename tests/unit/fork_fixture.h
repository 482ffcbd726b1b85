/* fork_fixture.h - forking as the library's fork handlers do it. */
#ifndef MIDPOOL_TESTS_FORK_FIXTURE_H
#define MIDPOOL_TESTS_FORK_FIXTURE_H

#include <criterion/criterion.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool.h"

/* A file for pool_page_share. */
static inline int
page_file(void)
{
    int fd = memfd_create("page", 0);

    cr_assert_eq(ftruncate(fd, (off_t)pool_page_bytes()), 0);
    return fd;
}

/* Without pool_fork_child: the child calls it when it likes. */
static inline pid_t
fork_unfinished(void)
{
    pid_t child;

    while (!pool_fork_prepare())
        sched_yield();
    child = fork();
    if (child != 0)
        pool_fork_parent();
    return child;
}

static inline pid_t
fork_pool(void)
{
    pid_t child = fork_unfinished();

    if (child == 0)
        pool_fork_child();
    return child;
}

static inline void
expect_success(pid_t child)
{
    int status;

    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "status %x", (unsigned)status);
}

#endif
