/* reopen.c - see reopen.h. */
#include "reopen.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sink.h"

/* On the stack, which may be a signal's and small: any thread may come. */
enum { ENTRIES_BYTES = 1024, PATH_BYTES = 32 };

bool
reopen_is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_rdev == b->st_rdev &&
           (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT);
}

/*
 * The reading end of a pipe is the same file: its reader may have seen the
 * end already and would never look at what comes after.
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

/* readdir would allocate. */
static int
search(int directory, const struct stat *wanted)
{
    char entries[ENTRIES_BYTES] __attribute__((aligned(8)));
    int fd = -1;
    long bytes;

    while (fd < 0 && (bytes = syscall(SYS_getdents64, directory, entries,
                                      sizeof entries)) > 0) {
        for (long at = 0; at < bytes && fd < 0;) {
            const struct dirent64 *entry =
                (const struct dirent64 *)(entries + at);

            if (entry->d_name[0] != '.')
                fd = try_entry(directory, entry->d_name, wanted);
            at += entry->d_reclen;
        }
    }
    return fd;
}

int
reopen_from(int pid, const struct stat *wanted)
{
    char path[PATH_BYTES];
    struct sink sink;
    int directory;
    int fd;

    sink_init(&sink, path, sizeof path);
    sink_text(&sink, "/proc/");
    sink_signed(&sink, pid);
    sink_text(&sink, "/fd");
    sink_char(&sink, '\0');
    directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -1;
    fd = search(directory, wanted);
    close(directory);
    return fd;
}
