/*
 * reopen.h - opens a file for writing that a process still has open.
 *
 * Linux opens /proc/PID/fd/N as the file behind it, also if that is a pipe or
 * has no name any more. A file that the program closed can therefore be opened
 * again while another descriptor of it, or its parent, still holds the file.
 */
#ifndef MIDPOOL_INTERPOSE_REOPEN_H
#define MIDPOOL_INTERPOSE_REOPEN_H

#include <stdbool.h>
#include <sys/stat.h>

/* True if both are the same file: by device, inode number and kind. */
bool reopen_is_same(const struct stat *a, const struct stat *b);

/*
 * Searches the descriptors of the process pid for the wanted file and opens it.
 * The new descriptor appends, does not block and is closed by exec; -1: not
 * found. Allocates nothing; async-signal-safe.
 */
int reopen_from(int pid, const struct stat *wanted);

#endif
