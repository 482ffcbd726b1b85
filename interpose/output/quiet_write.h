/*
 * quiet_write.h - write(2) that the program does not notice.
 *
 * The write causes no SIGPIPE, SIGXFSZ or SIGTTOU in the program: they are
 * blocked meanwhile, and one that the write itself raised is consumed before
 * they are unblocked. Interrupted and partial writes are continued.
 *
 * The write never blocks for ever, because a parent may read the pipe only
 * after the program has ended. A pipe, socket or terminal gets at most PIPE_BUF
 * bytes at a time, each time after poll reported room. After a second without
 * room the write fails.
 *
 * Async-signal-safe.
 */
#ifndef MIDPOOL_INTERPOSE_QUIET_WRITE_H
#define MIDPOOL_INTERPOSE_QUIET_WRITE_H

#include <stddef.h>

/*
 * Returns 0 if all bytes were written, otherwise an errno value: EAGAIN if
 * there was no room. Keeps errno.
 */
int quiet_write(int fd, const char *bytes, size_t length);

#endif
