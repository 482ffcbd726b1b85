/*
 * page_file.h - reads a live page's file into memory (midpool-snapshot only).
 *
 * Model     The bytes are copied, not mapped: a file that is truncated or
 *           scribbled on while it is read gives odd numbers or an error,
 *           never a SIGBUS. Only regular files of the caller's own are read
 *           (root reads anybody's), and no symbolic link is followed.
 * Ownership page and sites are allocated here; page_file_close frees it.
 */
#ifndef MIDPOOL_STATS_PAGE_FILE_H
#define MIDPOOL_STATS_PAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "page.h"
#include "sites.h"

struct page_file {
    struct stats_header *page; /* tame, see page_check.h */
    struct sites *sites;       /* tame, see sites.h; NULL: none */
    dev_t device;
    ino_t inode;
    bool locked; /* see live_path.h; or its process maps it */
};

/* NULL, or a few words about the fault of path. */
const char *page_file_open(struct page_file *file, const char *path);
void page_file_close(struct page_file *file);

/*
 * True if a process counts into this file: it is locked, or the page's pid maps
 * it. False if the pid belongs to another process now, the program was replaced
 * by exec, or the file is a copy.
 */
bool page_file_in_use(const struct page_file *file);

/*
 * Writes the path of a process's page into path: the one that it maps, or
 * otherwise the newest. Any user may put files into the directory: files that
 * are not pages of the process, or do not belong to the user in their name, are
 * ignored. For root, who reads all users' pages, a page that the process maps
 * comes before root's own, and root's own before those of others; if several
 * other users have one for a dead process, none is taken. False: there is none.
 */
bool page_file_find(int pid, char *path, size_t size);

#endif
