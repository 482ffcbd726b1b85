/*
 * page_file.c - reads a live page's file into memory.
 */
#include "page_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live_path.h"
#include "mapped.h"
#include "page_check.h"

/* Reads count bytes; a shorter file is an error. */
static const char *
read_fully(int fd, void *to, size_t count)
{
    char *at = to;
    while (count > 0) {
        ssize_t got = read(fd, at, count);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return strerror(errno);
        if (got == 0)
            return "not a page of midpool's: too short";
        at += got;
        count -= (size_t)got;
    }
    return NULL;
}

/* Process and user, as the name of a live page's file gives them. */
static bool
named_as_page(const char *path, struct live_name *out)
{
    static const char directory[] = LIVE_DIRECTORY "/";
    size_t length = sizeof(directory) - 1;
    return strncmp(path, directory, length) == 0 &&
           live_name_parse(path + length, out);
}

/*
 * Opens a file as a page is to be opened: no link is followed, and a pipe
 * does not wait for its writer. Its access time, which marks dead pages
 * (interpose/live/live_sweep.c), stays where that is allowed.
 */
static int
open_quietly(int directory, const char *path)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = openat(directory, path, flags | O_NOATIME);
    if (fd < 0 && errno == EPERM)
        fd = openat(directory, path, flags);
    return fd;
}

static const char *
check_file(int fd, const char *path, struct page_file *file)
{
    struct stat status;
    struct live_name name;
    if (fstat(fd, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "not a regular file";
    if (status.st_uid != geteuid() && geteuid() != 0)
        return "belongs to another user";
    if (named_as_page(path, &name) && status.st_uid != name.uid)
        return "does not belong to the user in its name";
    file->device = status.st_dev;
    file->inode = status.st_ino;
    file->locked = live_is_locked(fd);
    return NULL;
}

/* The header says how much follows; the rest is read right behind it. */
static const char *
read_page(int fd, struct page_file *file)
{
    struct stats_header *page = calloc(1, PAGE_HEADER_BYTES);
    if (!page)
        return "no memory";
    file->page = page;
    const char *fault = read_fully(fd, page, PAGE_HEADER_BYTES);
    if (!fault)
        fault = page_header_fault(page);
    if (fault)
        return fault;

    size_t bytes = page_used_bytes(page);
    page = realloc(page, bytes);
    if (!page)
        return "no memory";
    file->page = page;
    fault = read_fully(fd, (char *)page + PAGE_HEADER_BYTES,
                       bytes - PAGE_HEADER_BYTES);
    if (fault)
        return "a truncated page";
    page_tame(page, bytes);
    return NULL;
}

/*
 * Learns whether the page's process lives. One that does not, or that is at its
 * end, may have written how it ended after that part of the page was read, so
 * that the page is read again.
 */
static const char *
check_life(int fd, struct page_file *file)
{
    if (!file->locked)
        file->locked = mapped_by(file->page->pid, file->device, file->inode);
    if (file->page->end != STATS_END_RUNNING || page_file_in_use(file))
        return NULL;
    free(file->page);
    file->page = NULL;
    if (lseek(fd, 0, SEEK_SET) != 0)
        return "can not be read twice";
    return read_page(fd, file);
}

enum { SITES_BYTES_MAX = 1 << 30 };

/* The table of sites; missing or damaged entries are left out. */
static void
read_sites(int fd, struct page_file *file)
{
    const struct stats_header *page = file->page;
    size_t bytes = page->sites_bytes;
    if (bytes < sizeof(struct sites) || bytes > SITES_BYTES_MAX ||
        lseek(fd, (off_t)page->sites_offset, SEEK_SET) < 0)
        return;
    struct sites *sites = malloc(bytes);
    if (sites && !read_fully(fd, sites, bytes) && sites_tame(sites, bytes))
        file->sites = sites;
    else
        free(sites);
}

const char *
page_file_open(struct page_file *file, const char *path)
{
    *file = (struct page_file){0};
    int fd = open_quietly(AT_FDCWD, path);
    if (fd < 0)
        return errno == ELOOP ? "a symbolic link, which is not followed"
                              : strerror(errno);
    const char *fault = check_file(fd, path, file);
    if (!fault)
        fault = read_page(fd, file);
    if (!fault)
        fault = check_life(fd, file);
    if (!fault)
        read_sites(fd, file);
    close(fd);
    if (fault)
        page_file_close(file);
    return fault;
}

void
page_file_close(struct page_file *file)
{
    free(file->page);
    free(file->sites);
    file->page = NULL;
    file->sites = NULL;
}

bool
page_file_in_use(const struct page_file *file)
{
    return file->page->end_monotonic_ns == 0 && file->locked;
}

struct candidate {
    uid_t owner;
    int64_t start_ns;
    bool mapped; /* by the process that it is to be about */
};

/* Reads the start of a page that is about pid. */
static bool
read_start(int fd, int pid, int64_t *start_ns)
{
    static struct stats_header header;
    if (read(fd, &header, sizeof(header)) != sizeof(header) ||
        page_header_fault(&header) || header.pid != pid)
        return false;
    *start_ns = header.start_monotonic_ns;
    return true;
}

/* True if the name is that of a page of pid, and its user owns the file. */
static bool
inspect(int directory, const char *name, int pid, struct candidate *out)
{
    struct live_name parsed;
    struct stat status;
    if (!live_name_parse(name, &parsed) || parsed.pid != pid ||
        (geteuid() != 0 && parsed.uid != geteuid()))
        return false;
    int fd = open_quietly(directory, name);
    if (fd < 0)
        return false;
    bool good = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
                status.st_uid == parsed.uid &&
                read_start(fd, pid, &out->start_ns);
    close(fd);
    out->owner = parsed.uid;
    out->mapped = good && mapped_by(pid, status.st_dev, status.st_ino);
    return good;
}

/* The process's own, or the caller's, or the newest. */
static bool
is_better(const struct candidate *a, const struct candidate *b)
{
    bool a_own = a->owner == geteuid();
    bool b_own = b->owner == geteuid();
    if (a->mapped != b->mapped)
        return a->mapped;
    if (a_own != b_own)
        return a_own;
    return a->start_ns > b->start_ns;
}

/* Two users' pages say that they are of one process: one of them lies. */
static bool
contradict(const struct candidate *a, const struct candidate *b)
{
    return a->owner != b->owner && !a->mapped && !b->mapped &&
           a->owner != geteuid() && b->owner != geteuid();
}

bool
page_file_find(int pid, char *path, size_t size)
{
    DIR *directory = opendir(LIVE_DIRECTORY);
    if (!directory)
        return false;
    bool any = false;
    bool doubtful = false;
    struct candidate best = {0};
    struct candidate next;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (!inspect(dirfd(directory), entry->d_name, pid, &next))
            continue;
        doubtful = doubtful || (any && contradict(&next, &best));
        if (any && !is_better(&next, &best))
            continue;
        any = true;
        best = next;
        snprintf(path, size, "%s/%s", LIVE_DIRECTORY, entry->d_name);
    }
    closedir(directory);
    return any && (!doubtful || best.mapped || best.owner == geteuid());
}
