/* test_quiet_write.c - writing without a signal, a gap or a changed errno. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "quiet_write.h"

static bool takes_nothing;

/* Takes the place of libc's. */
ssize_t
write(int fd, const void *bytes, size_t length)
{
    return takes_nothing ? 0 : syscall(SYS_write, fd, bytes, length);
}

static int ends[2];

static void
make_pipe(void)
{
    cr_assert_eq(pipe(ends), 0);
}

static void *
read_all(void *count)
{
    char buffer[1000];
    ssize_t bytes;

    while ((bytes = read(ends[0], buffer, sizeof buffer)) > 0)
        *(size_t *)count += (size_t)bytes;
    return NULL;
}

Test(quiet_write, a_broken_pipe_raises_nothing, .init = make_pipe)
{
    sigset_t pending;

    close(ends[0]);
    errno = 123;
    cr_assert_eq(quiet_write(ends[1], "x", 1), EPIPE);
    cr_assert_eq(errno, 123);
    sigpending(&pending);
    cr_assert_not(sigismember(&pending, SIGPIPE));
}

/* A SIGPIPE that somebody else sent is the program's. */
Test(quiet_write, a_signal_that_was_pending_stays, .init = make_pipe)
{
    sigset_t mask;
    sigset_t pending;

    sigemptyset(&mask);
    sigaddset(&mask, SIGPIPE);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    raise(SIGPIPE);
    close(ends[0]);
    cr_assert_eq(quiet_write(ends[1], "x", 1), EPIPE);
    sigpending(&pending);
    cr_assert(sigismember(&pending, SIGPIPE));
}

Test(quiet_write, a_file_over_the_limit_raises_nothing)
{
    struct rlimit none = {0, 0};
    char name[] = "/tmp/midpool_test_XXXXXX";
    int fd = mkstemp(name);

    cr_assert_geq(fd, 0);
    unlink(name);
    setrlimit(RLIMIT_FSIZE, &none);
    cr_assert_eq(quiet_write(fd, "x", 1), EFBIG);
}

Test(quiet_write, a_full_disk_is_said)
{
    int fd = open("/dev/full", O_WRONLY);

    cr_assert_geq(fd, 0);
    cr_assert_eq(quiet_write(fd, "x", 1), ENOSPC);
}

Test(quiet_write, a_full_pipe_that_does_not_block_is_waited_for,
     .init = make_pipe)
{
    static char bytes[300000];
    pthread_t reader;
    size_t count = 0;

    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    pthread_create(&reader, NULL, read_all, &count);
    cr_assert_eq(quiet_write(ends[1], bytes, sizeof bytes), 0);
    close(ends[1]);
    pthread_join(reader, NULL);
    cr_assert_eq(count, sizeof bytes);
}

Test(quiet_write, a_reader_that_never_comes_is_given_up, .init = make_pipe,
     .timeout = 30)
{
    static char bytes[300000];

    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    cr_assert_eq(quiet_write(ends[1], bytes, sizeof bytes), EAGAIN);
}

/* Its pipe blocks: the parent waits for us to end before it reads. */
Test(quiet_write, a_blocking_pipe_does_not_block_for_ever, .init = make_pipe,
     .timeout = 30)
{
    static char bytes[300000];

    cr_assert_eq(quiet_write(ends[1], bytes, sizeof bytes), EAGAIN);
}

/* As a device may, or a file system in user space. */
Test(quiet_write, a_file_that_takes_nothing_is_given_up, .timeout = 30)
{
    int fd = open("/dev/null", O_WRONLY);
    int error;

    takes_nothing = true;
    error = quiet_write(fd, "x", 1);
    takes_nothing = false;
    cr_assert_eq(error, EAGAIN);
}

Test(quiet_write, a_closed_descriptor_is_said)
{
    cr_assert_eq(quiet_write(777, "x", 1), EBADF);
    cr_assert_eq(quiet_write(-1, "x", 1), EBADF);
}
