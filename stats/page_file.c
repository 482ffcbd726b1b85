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

/* The decimal number at *text, which moves behind it; -1 without one. */
static long
take_number(const char **text)
{
    if (**text < '0' || **text > '9')
        return -1;
    char *end;
    errno = 0;
    long value = strtol(*text, &end, 10);
    *text = end;
    return errno == 0 ? value : -1;
}

/* The generation of a page file's name if it is one of pid's, else -1. */
static long
name_generation(const char *name, int pid)
{
    size_t prefix = strlen(LIVE_NAME_PREFIX);
    if (strncmp(name, LIVE_NAME_PREFIX, prefix) != 0)
        return -1;
    const char *c = name + prefix;
    long uid = take_number(&c);
    if (uid < 0 || (geteuid() != 0 && (uid_t)uid != geteuid()) || *c++ != '.')
        return -1;
    if (take_number(&c) != pid || *c++ != '.')
        return -1;
    long generation = take_number(&c);
    return *c == '\0' ? generation : -1;
}

bool
page_file_find(int pid, char *path, size_t size)
{
    DIR *directory = opendir(LIVE_DIRECTORY);
    if (!directory)
        return false;
    long newest = -1;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        long generation = name_generation(entry->d_name, pid);
        if (generation <= newest)
            continue;
        newest = generation;
        snprintf(path, size, "%s/%s", LIVE_DIRECTORY, entry->d_name);
    }
    closedir(directory);
    return newest >= 0;
}
