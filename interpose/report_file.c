/* report_file.c - see report_file.h. */
#include "report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "line.h"
#include "quiet_write.h"

enum { SUFFIX_MAX = 9999, TEMPORARY_TRIES = 16 };

/* What was written last, to recognise it; ino 0: nothing. */
static struct {
    dev_t device;
    ino_t inode;
} own;

/* Not on the stack, which may be a signal's and small. */
static struct line temporary_name;
static struct line final_name;

void
report_file_forked(void)
{
    own.device = 0;
    own.inode = 0;
}

static bool
is_descriptor_name(const char *path)
{
    return strncmp(path, "/dev/std", 8) == 0 ||
           strncmp(path, "/dev/fd/", 8) == 0 ||
           strncmp(path, "/proc/self/fd/", 14) == 0;
}

static bool
takes_bytes_directly(const char *path)
{
    struct stat there;

    if (is_descriptor_name(path))
        return true;
    return lstat(path, &there) == 0 && !S_ISREG(there.st_mode) &&
           !S_ISLNK(there.st_mode) && !S_ISDIR(there.st_mode);
}

/* No name for a file; ".2" beside or inside it would be found by nobody. */
static bool
is_directory(const char *path)
{
    struct stat there;

    return stat(path, &there) == 0 && S_ISDIR(there.st_mode);
}

static int
write_directly(const char *path, const char *bytes, size_t length)
{
    int fd =
        open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int error;

    if (fd < 0)
        return errno;
    error = quiet_write(fd, bytes, length);
    close(fd);
    return error;
}

/* path with "." and number appended; false when that is too long. */
static bool
numbered(struct line *out, const char *path, uint64_t number,
         const char *ending)
{
    line_start(out, path);
    line_add(out, ".");
    line_add_unsigned(out, number);
    line_add(out, ending);
    return out->length < LINE_BYTES - 1;
}

/* Opens a new file for the bytes; its name goes to *name. -1 with errno. */
static int
open_temporary(const char *path, mode_t mode, struct line *name)
{
    for (unsigned i = 0; i < TEMPORARY_TRIES; i++) {
        int fd;

        if (!numbered(name, path, TEMPORARY_TRIES * (uint64_t)getpid() + i,
                      ".tmp")) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(name->text,
                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY |
                      O_CLOEXEC,
                  mode);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Gives from the name to if that is free. 0 or an errno value. */
static int
claim_name(const char *from, const char *to)
{
    int fd;

    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM)
        return errno;
    /* A file system, or a filter, that does not know it. */
    fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    return rename(from, to) == 0 ? 0 : errno;
}

static bool
is_own(const char *path)
{
    struct stat there;

    return own.inode != 0 && lstat(path, &there) == 0 &&
           there.st_ino == own.inode && there.st_dev == own.device;
}

static int
publish(const char *from, const char *path)
{
    struct line *name = &final_name;
    int error = EEXIST;

    line_start(name, path);
    for (unsigned i = 2; i <= SUFFIX_MAX && error == EEXIST; i++) {
        if (is_own(name->text))
            return rename(from, name->text) == 0 ? 0 : errno;
        error = claim_name(from, name->text);
        if (error == EEXIST && !numbered(name, path, i, ""))
            return ENAMETOOLONG;
    }
    return error;
}

static int
write_and_publish(int fd, const char *temporary, const char *path,
                  const char *bytes, size_t length)
{
    struct stat written;
    int error = quiet_write(fd, bytes, length);

    if (error == 0 && fstat(fd, &written) != 0)
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0)
        error = publish(temporary, path);
    if (error != 0) {
        unlink(temporary);
        return error;
    }
    own.device = written.st_dev;
    own.inode = written.st_ino;
    return 0;
}

int
report_file_write(const char *path, mode_t mode, const char *bytes,
                  size_t length)
{
    int kept = errno;
    int error;

    if (takes_bytes_directly(path)) {
        error = write_directly(path, bytes, length);
    } else if (is_directory(path)) {
        error = EISDIR;
    } else {
        int fd = open_temporary(path, mode, &temporary_name);

        error = fd < 0 ? errno
                       : write_and_publish(fd, temporary_name.text, path, bytes,
                                           length);
    }
    errno = kept;
    return error;
}
