/* report_file.c - see report_file.h. */
#include "report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decimal.h"
#include "numbered_name.h"
#include "process.h"
#include "quiet_write.h"
#include "sink.h"
#include "stderr_target.h"

enum { CLAIM_TRIES = 100000, TEMPORARY_TRIES = 16 };

/*
 * Identifies the file that was written last; inode 0: none. Inode numbers are
 * reused, so the time of the file's last change is compared as well.
 */
static struct {
    dev_t device;
    ino_t inode;
    struct timespec changed;
    uint64_t number; /* in its name; 0: the name is the wanted one */
} own;

/* Static, because the stack may be a signal's and small. */
static char temporary_name[PATH_MAX];
static char final_name[PATH_MAX];

void
report_file_forked(void)
{
    own.device = 0;
    own.inode = 0;
}

/* The descriptor that a name as /dev/stderr or /dev/fd/5 means; -1: none. */
static int
descriptor_named(const char *path)
{
    static const char *const streams[] = {"/dev/stdin", "/dev/stdout",
                                          "/dev/stderr"};
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (strcmp(path, streams[fd]) == 0)
            return fd;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        size_t length = strlen(folders[i]);
        uint64_t number;
        const char *end;

        if (strncmp(path, folders[i], length) == 0 &&
            decimal_read(path + length, INT_MAX, &number, &end) && *end == '\0')
            return (int)number;
    }
    return -1;
}

/* Writes to the descriptor itself: a socket cannot be opened by its name. */
static int
write_descriptor(int number, const char *bytes, size_t length)
{
    int fd = number == STDERR_FILENO ? stderr_target_open() : number;
    int error = quiet_write(fd, bytes, length);

    if (number == STDERR_FILENO)
        stderr_target_close(fd);
    return error;
}

static bool
is_special(const char *path)
{
    struct stat there;

    return lstat(path, &there) == 0 && !S_ISREG(there.st_mode) &&
           !S_ISLNK(there.st_mode) && !S_ISDIR(there.st_mode);
}

/* A directory is refused: a numbered name beside it would surprise the user. */
static bool
is_directory(const char *path)
{
    struct stat there;

    return stat(path, &there) == 0 && S_ISDIR(there.st_mode);
}

/* Writes to a device or pipe, and fails if a link or file has replaced it. */
static int
write_special(const char *path, const char *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NOCTTY |
                            O_NONBLOCK | O_CLOEXEC);
    struct stat opened;
    int error;

    if (fd < 0)
        return errno;
    if (fstat(fd, &opened) != 0)
        error = errno;
    else if (S_ISREG(opened.st_mode))
        error = EEXIST;
    else
        error = quiet_write(fd, bytes, length);
    close(fd);
    return error;
}

/*
 * An unpredictable name in the directory of path. It is short, because the
 * wanted name may already be as long as a name can be.
 */
static bool
temporary_beside(char out[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    uint64_t number;
    struct sink sink;

    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
        number = (uint64_t)process_clock_ns() ^ (uint64_t)getpid() << 40;
    sink_init(&sink, out, PATH_MAX);
    if (slash != NULL)
        sink_bytes(&sink, path, (size_t)(slash - path) + 1);
    sink_text(&sink, "midpool.");
    sink_hex(&sink, number);
    sink_text(&sink, ".tmp");
    sink_char(&sink, '\0');
    return !sink.full;
}

/* Makes a file beside path, called temporary_name. -1: failed, with errno. */
static int
open_temporary(const char *path, mode_t mode)
{
    int fd = -1;

    errno = EEXIST;
    for (int i = 0; i < TEMPORARY_TRIES && fd < 0 && errno == EEXIST; i++) {
        if (!temporary_beside(temporary_name, path)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(temporary_name,
                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY |
                      O_CLOEXEC,
                  mode);
    }
    return fd;
}

/*
 * Does the work of claim_name where the file system or a seccomp filter refuses
 * RENAME_NOREPLACE.
 */
static int
claim_with_placeholder(const char *from, const char *to)
{
    int fd =
        open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int error;

    if (fd < 0)
        return errno;
    close(fd);
    if (rename(from, to) == 0)
        return 0;
    error = errno;
    unlink(to);
    return error;
}

/* Renames the file `from` if no file is called `to`. 0 or an errno value. */
static int
claim_name(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EINVAL || errno == ENOSYS || errno == EPERM)
        return claim_with_placeholder(from, to);
    return errno;
}

static bool
is_own(const char *path)
{
    struct stat there;

    return own.inode != 0 && lstat(path, &there) == 0 &&
           there.st_ino == own.inode && there.st_dev == own.device &&
           there.st_ctim.tv_sec == own.changed.tv_sec &&
           there.st_ctim.tv_nsec == own.changed.tv_nsec;
}

/* Notes the file as own. Called after its renaming, which changes its ctime. */
static void
remember(const char *path)
{
    struct stat there;

    report_file_forked();
    if (lstat(path, &there) != 0)
        return;
    own.device = there.st_dev;
    own.inode = there.st_ino;
    own.changed = there.st_ctim;
}

/* True if the first text->beginning bytes of the file are those of the text. */
static bool
is_alike(const char *path, const struct report_file_text *text)
{
    static char found[REPORT_FILE_BEGINNING_MAX]; /* as temporary_name is */
    size_t count = text->beginning;
    bool alike;
    int fd;

    if (count == 0 || count > sizeof found || count > text->length)
        return false;
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return false;
    alike = read(fd, found, count) == (ssize_t)count &&
            memcmp(found, text->bytes, count) == 0;
    close(fd);
    return alike;
}

static bool
is_replaceable(const char *path, const struct report_file_text *text)
{
    return is_own(path) || is_alike(path, text);
}

/* Renames `from` to the first free numbered name of path: final_name. */
static int
publish_numbered(const char *from, const char *path)
{
    uint64_t number = numbered_name_free(final_name, path);
    int error = EEXIST;

    /* Other processes may take the same numbers at this moment. */
    for (unsigned i = 0; i < CLAIM_TRIES && error == EEXIST; i++) {
        if (!numbered_name(final_name, path, number))
            return ENAMETOOLONG;
        own.number = number++;
        error = claim_name(from, final_name);
    }
    return error;
}

/* May the last report, written under a numbered name of path, be replaced? */
static bool
is_replaceable_numbered(const char *path, const struct report_file_text *text)
{
    return own.number != 0 && numbered_name(final_name, path, own.number) &&
           is_replaceable(final_name, text);
}

/*
 * Renames `from` to path if that is free or replaceable, otherwise to the next
 * free numbered name. Leaves the name in final_name.
 */
static int
publish(const char *from, const char *path, const struct report_file_text *text)
{
    int error;

    if (strlen(path) >= PATH_MAX)
        return ENAMETOOLONG;
    if (is_replaceable_numbered(path, text))
        return rename(from, final_name) == 0 ? 0 : errno;
    strcpy(final_name, path);
    own.number = 0;
    if (is_replaceable(path, text))
        return rename(from, path) == 0 ? 0 : errno;
    error = claim_name(from, path);
    return error == EEXIST ? publish_numbered(from, path) : error;
}

static int
write_and_publish(int fd, const char *path, const struct report_file_text *text)
{
    int error = quiet_write(fd, text->bytes, text->length);

    if (close(fd) != 0 && error == 0)
        error = errno;
    if (error == 0)
        error = publish(temporary_name, path, text);
    if (error == 0)
        remember(final_name);
    else
        unlink(temporary_name);
    return error;
}

static int
write_new_file(const char *path, enum report_file_use use,
               const struct report_file_text *text)
{
    int fd = open_temporary(path, use == REPORT_FILE_COLLECTED ? 0644 : 0600);

    return fd < 0 ? errno : write_and_publish(fd, path, text);
}

int
report_file_write(const char *path, enum report_file_use use,
                  const struct report_file_text *text)
{
    int descriptor = descriptor_named(path);
    int kept = errno;
    int error;

    if (descriptor >= 0)
        error = write_descriptor(descriptor, text->bytes, text->length);
    else if (is_special(path))
        error = write_special(path, text->bytes, text->length);
    else if (is_directory(path))
        error = EISDIR;
    else
        error = write_new_file(path, use, text);
    errno = kept;
    return error;
}
