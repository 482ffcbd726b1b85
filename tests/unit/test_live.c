/* test_live.c - the page in a file: when readers may trust it, and limits. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live.h"
#include "live_path.h"
#include "pool.h"
#include "process.h"

static const char *
name(void)
{
    static char path[100];

    snprintf(path, sizeof path, LIVE_PREFIX "%u.%d.1", geteuid(), getpid());
    return path;
}

static void
prepare(void)
{
    pool_init(&pool_config_default);
    process_identify();
}

static void
clean_up(void)
{
    unlink(name());
}

TestSuite(live, .init = prepare, .fini = clean_up);

static struct stats_header
read_header(void)
{
    static struct stats_header header;
    int fd = open(name(), O_RDONLY);

    cr_assert_geq(fd, 0);
    cr_assert_eq(read(fd, &header, sizeof header), sizeof header);
    close(fd);
    return header;
}

Test(live, the_file_is_the_page)
{
    cr_assert(live_start());
    process_describe(pool_page());
    process_publish(pool_page());
    cr_assert_str_eq(read_header().magic, "midpool");
    cr_assert_eq(read_header().pid, getpid());
    cr_assert_gt(read_header().birth.start_ticks, 0);
    pool_page()->warn_below = 77;
    cr_assert_eq(read_header().warn_below, 77);
}

/* As in a forked child, whose page has the parent's words at first. */
Test(live, a_page_is_no_page_before_it_is_described)
{
    process_describe(pool_page());
    process_publish(pool_page());
    cr_assert(live_start());
    cr_assert_str_empty(read_header().magic);
}

Test(live, the_file_is_locked_without_a_descriptor)
{
    int before = dup(0);
    int fd;

    close(before);
    cr_assert(live_start());
    fd = open(name(), O_RDONLY);
    cr_assert_eq(fd, before);
    cr_assert(live_is_locked(fd));
}

Test(live, a_limit_on_file_sizes_raises_nothing)
{
    struct rlimit low = {1 << 20, 1 << 20};
    struct stat status;
    sigset_t pending;

    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
    cr_assert_not(live_start());
    sigpending(&pending);
    cr_assert_not(sigismember(&pending, SIGXFSZ));
    cr_assert_neq(stat(name(), &status), 0);
}
