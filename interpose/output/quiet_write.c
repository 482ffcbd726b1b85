/* quiet_write.c - see quiet_write.h. */
#include "quiet_write.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "quiet_signals.h"
#include "sandbox.h"

enum { FULL_WAIT_MS = 1000, REFUSALS = 100 };

/* Waits until fd has room. False: it was full for a second. */
static bool
wait_for_room(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    int ready;

    if (!sandbox_allows(SANDBOX_POLL))
        return true;
    do
        ready = poll(&room, 1, FULL_WAIT_MS);
    while (ready < 0 && errno == EINTR);
    return ready != 0;
}

/* The bytes that can be written at once without blocking, if there is room. */
static size_t
portion(int fd, size_t length)
{
    struct stat file;

    if (length <= PIPE_BUF || (sandbox_allows(SANDBOX_STAT) &&
                               fstat(fd, &file) == 0 && S_ISREG(file.st_mode)))
        return length;
    return PIPE_BUF;
}

static int
write_all(int fd, const char *bytes, size_t length)
{
    int refused = 0; /* writes that failed although poll reported room */

    if (fd < 0) /* poll ignores it, and would wait in vain */
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

int
quiet_write(int fd, const char *bytes, size_t length)
{
    struct quiet_signals quiet;
    int kept = errno;
    int error;

    quiet_signals_begin(&quiet);
    error = write_all(fd, bytes, length);
    quiet_signals_end(&quiet, error);
    errno = kept;
    return error;
}
