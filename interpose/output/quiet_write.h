/*
 * quiet_write.h - write(2) that the program does not notice.
 *
 * The program gets no SIGPIPE, SIGXFSZ or SIGTTOU of it: they are blocked
 * meanwhile, and one that the write itself raised is consumed before they are
 * unblocked. Interrupted and partial writes are continued.
 *
 * A write never blocks for ever: a parent may read the pipe only after the
 * program ended. A pipe, socket or terminal therefore gets no more at a time
 * than it has room for, and the write fails after a second without room.
 *
 * Async-signal-safe.
 */
#ifndef MIDPOOL_INTERPOSE_QUIET_WRITE_H
#define MIDPOOL_INTERPOSE_QUIET_WRITE_H

#include <stddef.h>

/*
 * 0 when all of it was written, otherwise an errno value; EAGAIN when there was
 * no room. Keeps errno.
 */
int quiet_write(int fd, const char *bytes, size_t length);

#endif
