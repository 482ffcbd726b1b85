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
#include "live_room.h"
#include "pool.h"
#include "process.h"
#include "process_birth.h"

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
    cr_assert(live_start(false));
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
    cr_assert(live_start(false));
    cr_assert_str_empty(read_header().magic);
}

Test(live, the_file_is_locked_without_a_descriptor)
{
    int before = dup(0);
    int fd;

    close(before);
    cr_assert(live_start(false));
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
    cr_assert_not(live_start(false));
    sigpending(&pending);
    cr_assert_not(sigismember(&pending, SIGXFSZ));
    cr_assert_neq(stat(name(), &status), 0);
}

Test(live, the_file_is_removed_at_the_end)
{
    cr_assert(live_start(false));
    live_finish();
    cr_assert_neq(access(name(), F_OK), 0);
}

Test(live, the_file_stays_if_that_was_asked_for)
{
    cr_assert(live_start(true));
    live_finish();
    cr_assert_eq(access(name(), F_OK), 0);
}

/* As after a chroot. */
Test(live, another_file_of_the_name_stays)
{
    cr_assert(live_start(false));
    unlink(name());
    close(open(name(), O_CREAT | O_WRONLY, 0600));
    live_finish();
    cr_assert_eq(access(name(), F_OK), 0);
}

/* A child sees no page but its own, wherever another stands in its way. */
Test(live, a_child_replaces_the_page_of_an_earlier_process)
{
    struct stats_header earlier = {.birth = process_birth()};
    int fd = open(name(), O_CREAT | O_WRONLY, 0600);

    earlier.birth.start_ticks--;
    cr_assert_eq(write(fd, &earlier, sizeof earlier), sizeof earlier);
    close(fd);
    cr_assert(live_start_child());
    cr_assert_eq(process_self()->generation, 1);
}

Test(live, pages_take_no_more_than_a_tenth)
{
    uint64_t tenth = live_room_tenth();

    if (tenth == UINT64_MAX)
        cr_skip("no limit here");
    live_room_start(tenth);
    cr_assert_not(live_room_has(1));
    cr_assert_not(live_start_child());
    live_room_start(0);
    cr_assert(live_room_has(1));
}
