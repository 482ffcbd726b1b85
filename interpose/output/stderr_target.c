/* stderr_target.c - see stderr_target.h. */
#include "stderr_target.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call_guard.h"
#include "environment.h"
#include "process.h"
#include "quiet_write.h"
#include "reopen.h"
#include "sandbox.h"

/* Higher than the numbers of files that a program's exit handlers open. */
enum { DUPLICATE_LOWEST = 200 };

static struct {
    bool existed;
    struct stat file;
    char path[PATH_MAX]; /* empty: there is none to open the file by */
    int duplicate;       /* -1: none */
    unsigned columns;    /* of the terminal, otherwise 0 */
    bool confirmed;      /* when a filter was set, descriptor 2 was this file */
    bool harmless;       /* then, no signal of a write would end the process */
    bool inherited;      /* the parent had replaced it before the fork */
} target = {.duplicate = -1};

static bool
is_recorded(int fd)
{
    struct stat now;

    return target.existed && fstat(fd, &now) == 0 &&
           reopen_is_same(&now, &target.file);
}

/*
 * Is descriptor 2 still the same file? If a filter forbids the check, the last
 * answer before the filter holds if it forbids dup2 and close as well.
 */
static bool
is_in_place(void)
{
    if (sandbox_allows(SANDBOX_STAT))
        return is_recorded(STDERR_FILENO);
    return target.confirmed && !sandbox_allows(SANDBOX_REPLACE);
}

/* True if the filter allows to write text and no signal can end the process. */
static bool
is_writable(void)
{
    return sandbox_allows(SANDBOX_WRITE) &&
           (sandbox_allows(SANDBOX_MASK) || target.harmless);
}

/* True if the signal would end the process, by its default action. */
static bool
ends_process(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) != 0 ||
           action.sa_handler == SIG_DFL;
}

/* True if a write to the file cannot end the program by SIGXFSZ or SIGPIPE. */
static bool
raises_nothing(void)
{
    struct rlimit size;

    if (S_ISCHR(target.file.st_mode))
        return true;
    if (S_ISREG(target.file.st_mode))
        return (getrlimit(RLIMIT_FSIZE, &size) == 0 &&
                size.rlim_cur == RLIM_INFINITY) ||
               !ends_process(SIGXFSZ);
    return !ends_process(SIGPIPE);
}

void
stderr_target_confirm(void)
{
    struct call_guard mark;

    call_guard_begin(&mark);
    if (sandbox_allows(SANDBOX_STAT))
        target.confirmed = is_recorded(STDERR_FILENO);
    if (sandbox_allows(SANDBOX_LEARN))
        target.harmless = raises_nothing();
    call_guard_end(&mark);
}

void
stderr_target_forked(void)
{
    target.inherited = target.existed && !is_in_place();
}

static unsigned
columns_of(int fd)
{
    struct winsize size = {0};

    if (ioctl(fd, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col > 0 ? size.ws_col : 1;
}

unsigned
stderr_target_columns(int fd)
{
    if (fd == target.duplicate || (fd == STDERR_FILENO && is_in_place()))
        return target.columns;
    return sandbox_allows(SANDBOX_TERMINAL) ? columns_of(fd) : 0;
}

void
stderr_target_record(void)
{
    ssize_t length;

    int flags = fcntl(STDERR_FILENO, F_GETFL);

    target.existed = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY &&
                     fstat(STDERR_FILENO, &target.file) == 0;
    target.columns = 0;
    if (!target.existed)
        return;
    if (S_ISCHR(target.file.st_mode))
        target.columns = columns_of(STDERR_FILENO);
    if (!S_ISREG(target.file.st_mode) && target.columns == 0)
        return;
    length = readlink("/proc/self/fd/2", target.path, sizeof target.path - 1);
    target.path[length > 0 ? length : 0] = '\0';
}

static int
duplicate_stderr(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, DUPLICATE_LOWEST);

    /* The limit on descriptors may be lower. */
    if (fd < 0)
        fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return fd;
}

void
stderr_target_keep(void)
{
    struct call_guard mark;

    if (!sandbox_allows(SANDBOX_STAT) || !sandbox_allows(SANDBOX_DUP))
        return;
    call_guard_begin(&mark);
    if (target.duplicate < 0 && is_recorded(STDERR_FILENO))
        target.duplicate = duplicate_stderr();
    call_guard_end(&mark);
}

/*
 * True in a subshell or another forked child that changed descriptor 2, as in
 * "(cd x; make) 2>/dev/null": it is meant to be silent. False in a daemon,
 * which left the session, and in a worker whose parent had put its log there
 * before the fork.
 */
static bool
was_silenced(void)
{
    return process_self()->forked && !target.inherited &&
           !process_left_session();
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
 * Opens the file again; -1: not possible. Refuses in a setuid process, which
 * could open files that its user may not.
 */
static int
open_anew(void)
{
    bool terminal = S_ISCHR(target.file.st_mode);
    int fd;

    if (!sandbox_allows(SANDBOX_FILES) || !stderr_target_is_missed() ||
        (terminal && process_left_session()) || environment_is_secure())
        return -1;
    fd = open_by_name();
    if (fd < 0)
        fd = reopen_from(process_self()->pid, &target.file);
    if (fd < 0 && process_has_parent())
        fd = reopen_from(process_self()->parent, &target.file);
    return fd;
}

int
stderr_target_open(void)
{
    if (!is_writable())
        return -1;
    if (is_in_place())
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
    struct call_guard mark;
    int fd;

    call_guard_begin(&mark);
    fd = stderr_target_open();
    if (fd >= 0)
        quiet_write(fd, text, length);
    stderr_target_close(fd);
    call_guard_end(&mark);
}

void
stderr_target_finish(void)
{
    struct call_guard mark;

    call_guard_begin(&mark);
    if (target.duplicate >= 0 && is_recorded(target.duplicate))
        close(target.duplicate);
    target.duplicate = -1;
    call_guard_end(&mark);
}
