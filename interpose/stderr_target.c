/* stderr_target.c - see stderr_target.h. */
#include "stderr_target.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "environment.h"
#include "process.h"
#include "quiet_write.h"
#include "reopen.h"
#include "unnoticed.h"

/* Above what a program's exit handlers get when they open files. */
enum { DUPLICATE_LOWEST = 200 };

static struct {
    bool existed;
    struct stat file;
    char path[PATH_MAX]; /* empty: has none that could be opened */
    int duplicate;       /* -1: none */
} target = {.duplicate = -1};

static bool
is_recorded(int fd)
{
    struct stat now;

    return target.existed && fstat(fd, &now) == 0 &&
           reopen_is_same(&now, &target.file);
}

void
stderr_target_record(void)
{
    ssize_t length;

    int flags = fcntl(STDERR_FILENO, F_GETFL);

    target.existed = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY &&
                     fstat(STDERR_FILENO, &target.file) == 0;
    if (!target.existed)
        return;
    if (!S_ISREG(target.file.st_mode) && !isatty(STDERR_FILENO))
        return;
    length = readlink("/proc/self/fd/2", target.path, sizeof target.path - 1);
    target.path[length > 0 ? length : 0] = '\0';
}

static int
duplicate_stderr(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, DUPLICATE_LOWEST);

    /* Where the limit on descriptors is that low. */
    if (fd < 0)
        fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return fd;
}

void
stderr_target_keep(void)
{
    struct unnoticed mark;

    unnoticed_begin(&mark);
    if (target.duplicate < 0 && is_recorded(STDERR_FILENO))
        target.duplicate = duplicate_stderr();
    unnoticed_end(&mark);
}

static bool
left_session(void)
{
    return getsid(0) != process_self()->session;
}

/*
 * A subshell or another forked child whose descriptor 2 was changed is
 * meant to be silent, as in "(cd x; make) 2>/dev/null". A daemon is not: it
 * left the session.
 */
static bool
was_silenced(void)
{
    return process_self()->forked && !left_session();
}

bool
stderr_target_is_missed(void)
{
    bool device = S_ISCHR(target.file.st_mode) && target.path[0] == '\0';

    return target.existed && !device && !was_silenced();
}

static int
open_by_name(void)
{
    int fd;

    if (target.path[0] != '/')
        return -1;
    fd = open(target.path, O_WRONLY | O_APPEND | O_NOCTTY | O_NOFOLLOW |
                               O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && !is_recorded(fd)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/*
 * Not with raised privileges: what the user could open is no measure of what
 * the process can.
 */
static int
open_anew(void)
{
    bool terminal = S_ISCHR(target.file.st_mode);
    int fd;

    if (!stderr_target_is_missed() || (terminal && left_session()) ||
        environment_is_secure())
        return -1;
    fd = open_by_name();
    if (fd < 0)
        fd = reopen_from(process_self()->pid, &target.file);
    if (fd < 0 && getppid() == process_self()->parent)
        fd = reopen_from(process_self()->parent, &target.file);
    return fd;
}

int
stderr_target_open(void)
{
    if (is_recorded(STDERR_FILENO))
        return STDERR_FILENO;
    if (target.duplicate >= 0 && is_recorded(target.duplicate))
        return target.duplicate;
    return open_anew();
}

void
stderr_target_close(int fd)
{
    if (fd >= 0 && fd != STDERR_FILENO && fd != target.duplicate)
        close(fd);
}

void
stderr_target_say(const char *text, size_t length)
{
    struct unnoticed mark;
    int fd;

    unnoticed_begin(&mark);
    fd = stderr_target_open();
    if (fd >= 0)
        quiet_write(fd, text, length);
    stderr_target_close(fd);
    unnoticed_end(&mark);
}

void
stderr_target_finish(void)
{
    struct unnoticed mark;

    unnoticed_begin(&mark);
    if (target.duplicate >= 0 && is_recorded(target.duplicate))
        close(target.duplicate);
    target.duplicate = -1;
    unnoticed_end(&mark);
}
