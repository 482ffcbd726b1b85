/* quiet_write.c - see quiet_write.h. */
#include "quiet_write.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FULL_WAIT_MS = 1000, REFUSALS = 100 };

static const int raised_by_write[] = {SIGPIPE, SIGXFSZ, SIGTTOU};
enum { RAISED = sizeof raised_by_write / sizeof raised_by_write[0] };

/* False: still full after a while. */
static bool
wait_for_room(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    int ready;

    do
        ready = poll(&room, 1, FULL_WAIT_MS);
    while (ready < 0 && errno == EINTR);
    return ready != 0;
}

/* As much as can be written at once without blocking, when there is room. */
static size_t
portion(int fd, size_t length)
{
    struct stat file;

    if (length <= PIPE_BUF || (fstat(fd, &file) == 0 && S_ISREG(file.st_mode)))
        return length;
    return PIPE_BUF;
}

static int
write_all(int fd, const char *bytes, size_t length)
{
    int refused = 0; /* though there seemed to be room */

    if (fd < 0) /* poll would wait for nothing */
        return EBADF;
    while (length > 0) {
        ssize_t written;

        if (refused == REFUSALS || !wait_for_room(fd))
            return EAGAIN;
        written = write(fd, bytes, portion(fd, length));
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (written == 0 || errno == EAGAIN) {
            refused++;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* Takes back what is pending now and was not before. */
static void
drain(const sigset_t *before)
{
    static const struct timespec at_once = {0};
    sigset_t fresh;
    bool any = false;

    sigemptyset(&fresh);
    for (size_t i = 0; i < RAISED; i++) {
        if (!sigismember(before, raised_by_write[i])) {
            sigaddset(&fresh, raised_by_write[i]);
            any = true;
        }
    }
    while (any && sigtimedwait(&fresh, NULL, &at_once) > 0) {
    }
}

int
quiet_write(int fd, const char *bytes, size_t length)
{
    int kept = errno;
    int error;
    sigset_t raised;
    sigset_t mask;
    sigset_t pending;

    sigemptyset(&raised);
    for (size_t i = 0; i < RAISED; i++)
        sigaddset(&raised, raised_by_write[i]);
    pthread_sigmask(SIG_BLOCK, &raised, &mask);
    sigpending(&pending);
    error = write_all(fd, bytes, length);
    if (error == EPIPE || error == EFBIG)
        drain(&pending);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    errno = kept;
    return error;
}
