/* reopen.c - see reopen.h. */
#include "reopen.h"

#include <fcntl.h>
#include <unistd.h>

#include "directory.h"
#include "sink.h"

enum { PATH_BYTES = 32 };

bool
reopen_is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_rdev == b->st_rdev &&
           (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT);
}

/*
 * True if the descriptor was opened for writing. The reading end of a pipe is
 * the same file, but does not count: if only that is left, the reader may have
 * seen the end of the pipe already and would read nothing more.
 */
static bool
is_writable(int directory, const char *name)
{
    struct stat link;

    return fstatat(directory, name, &link, AT_SYMLINK_NOFOLLOW) == 0 &&
           (link.st_mode & S_IWUSR) != 0;
}

static int
try_entry(int directory, const char *name, const struct stat *wanted)
{
    struct stat found;
    int fd;

    if (!is_writable(directory, name) ||
        fstatat(directory, name, &found, 0) != 0 ||
        !reopen_is_same(&found, wanted))
        return -1;
    fd = openat(directory, name,
                O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 &&
        (fstat(fd, &found) != 0 || !reopen_is_same(&found, wanted))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

struct search {
    int directory;
    const struct stat *wanted;
    int fd; /* -1: not found yet */
};

static bool
visit(void *context, const char *name)
{
    struct search *search = context;

    if (name[0] != '.')
        search->fd = try_entry(search->directory, name, search->wanted);
    return search->fd < 0;
}

int
reopen_from(int pid, const struct stat *wanted)
{
    struct search search = {.wanted = wanted, .fd = -1};
    char path[PATH_BYTES];
    struct sink sink;

    sink_init(&sink, path, sizeof path);
    sink_text(&sink, "/proc/");
    sink_signed(&sink, pid);
    sink_text(&sink, "/fd");
    sink_char(&sink, '\0');
    search.directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (search.directory < 0)
        return -1;
    directory_each(search.directory, visit, &search);
    close(search.directory);
    return search.fd;
}
