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

/* Reads count bytes; what the file does not hold is an error. */
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

static const char *
check_file(int fd, struct page_file *file)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "not a regular file";
    if (status.st_uid != geteuid() && geteuid() != 0)
        return "belongs to another user";
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
        return strerror(ENOMEM);
    file->page = page;
    const char *fault = read_fully(fd, page, PAGE_HEADER_BYTES);
    if (!fault)
        fault = page_header_fault(page);
    if (fault)
        return fault;

    size_t bytes = page_used_bytes(page);
    page = realloc(page, bytes);
    if (!page)
        return strerror(ENOMEM);
    file->page = page;
    fault = read_fully(fd, (char *)page + PAGE_HEADER_BYTES,
                       bytes - PAGE_HEADER_BYTES);
    if (fault)
        return "a truncated page";
    page_tame(page, bytes);
    return NULL;
}

const char *
page_file_open(struct page_file *file, const char *path)
{
    *file = (struct page_file){0};
    /* O_NONBLOCK: opening a pipe must not wait for its writer. */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP ? "a symbolic link, which is not followed"
                              : strerror(errno);
    const char *fault = check_file(fd, file);
    if (!fault)
        fault = read_page(fd, file);
    close(fd);
    if (fault)
        page_file_close(file);
    return fault;
}

void
page_file_close(struct page_file *file)
{
    free(file->page);
    file->page = NULL;
}

bool
page_file_in_use(const struct page_file *file)
{
    const struct stats_header *page = file->page;
    return page->end_monotonic_ns == 0 &&
           (file->locked || mapped_by(page->pid, file->device, file->inode));
}

struct candidate {
    uint32_t generation;
    bool mapped; /* by the process that it is to be about */
};

/* Whether the name is a page's file of the process, made by who it says. */
static bool
inspect(int directory, const char *name, int pid, struct candidate *out)
{
    struct live_name parsed;
    struct stat status;
    if (!live_name_parse(name, &parsed) || parsed.pid != pid ||
        (geteuid() != 0 && parsed.uid != geteuid()))
        return false;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(status.st_mode) || status.st_uid != parsed.uid)
        return false;
    out->generation = parsed.generation;
    out->mapped = mapped_by(pid, status.st_dev, status.st_ino);
    return true;
}

static bool
is_better(const struct candidate *a, const struct candidate *b)
{
    return a->mapped != b->mapped ? a->mapped : a->generation > b->generation;
}

bool
page_file_find(int pid, char *path, size_t size)
{
    DIR *directory = opendir(LIVE_DIRECTORY);
    if (!directory)
        return false;
    bool any = false;
    struct candidate best = {0};
    struct candidate next;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (!inspect(dirfd(directory), entry->d_name, pid, &next) ||
            (any && !is_better(&next, &best)))
            continue;
        any = true;
        best = next;
        snprintf(path, size, "%s/%s", LIVE_DIRECTORY, entry->d_name);
    }
    closedir(directory);
    return any;
}
