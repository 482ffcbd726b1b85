/*
 * quiet_write.h - write(2) that the program does not notice.
 *
 * No SIGPIPE, SIGXFSZ or SIGTTOU gets out of it: they are blocked meanwhile,
 * and one that the write itself raised is taken back before they are let in
 * again. Interrupted and partial writes go on; a descriptor that does not
 * block and is full is waited for, for a second. Async-signal-safe.
 */
#ifndef MIDPOOL_INTERPOSE_QUIET_WRITE_H
#define MIDPOOL_INTERPOSE_QUIET_WRITE_H

#include <stddef.h>

/* 0 when all of it was written, else an errno value. Keeps errno. */
int quiet_write(int fd, const char *bytes, size_t length);

#endif
