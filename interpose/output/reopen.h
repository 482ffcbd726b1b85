/*
 * reopen.h - a file that a process has open, opened anew for writing.
 *
 * Linux opens /proc/PID/fd/N as the file behind it, also when that is a pipe
 * or has no name any more. So what a program closed can be had again while
 * one of its other descriptors, or its parent, still holds it.
 */
#ifndef MIDPOOL_INTERPOSE_REOPEN_H
#define MIDPOOL_INTERPOSE_REOPEN_H

#include <stdbool.h>
#include <sys/stat.h>

/* The same file: device, number and kind. */
bool reopen_is_same(const struct stat *a, const struct stat *b);

/*
 * Looks through the descriptors of the process. The new one appends, does
 * not block and is closed by exec; -1 when there is none. Allocates nothing;
 * async-signal-safe.
 */
int reopen_from(int pid, const struct stat *wanted);

#endif
