/*
 * quiet_write.h - write(2) that the program does not notice.
 *
 * No SIGPIPE, SIGXFSZ or SIGTTOU gets out of it: they are blocked meanwhile,
 * and one that the write itself raised is taken back before they are let in
 * again. Interrupted and partial writes go on.
 *
 * Nothing blocks for ever, either: a parent that waits for the program to
 * end before it reads the pipe would never see that end. So a pipe, socket
 * or terminal gets no more at a time than it has room for, and is given up
 * when it had none for a second.
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
