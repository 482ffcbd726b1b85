/*
 * stderr_target.h - the destination of text for the user of the program.
 *
 * Purpose   Descriptor 2 may be closed by the time of the exit report (GNU
 *           coreutils close it in an atexit handler, daemons when they
 *           start), or be another file that was opened since, perhaps the
 *           program's database.
 * Model     The constructor records what file descriptor 2 is. Later text
 *           goes there only while it still is that file. When exit begins,
 *           before the program's atexit handlers run, a duplicate is made
 *           and kept until the report is out: exit() runs the destructors of
 *           thread-local objects first, and the lifecycle has one. While the
 *           program runs no descriptor is held.
 *           If descriptor 2 and the duplicate are gone, the file is opened
 *           anew for append: by its name, if it is a regular file, or a
 *           terminal of the process's own session; otherwise through another
 *           descriptor of this process or of its parent for the same file.
 * Ownership Static state. Nothing takes a lock or allocates.
 */
#ifndef MIDPOOL_INTERPOSE_STDERR_TARGET_H
#define MIDPOOL_INTERPOSE_STDERR_TARGET_H

#include <stdbool.h>
#include <stddef.h>

/* In the constructor. */
void stderr_target_record(void);

/*
 * Right before the program sets a seccomp filter: makes the checks that the
 * filter may forbid. Keeps errno.
 */
void stderr_target_confirm(void);

/* In a forked child: notes whether descriptor 2 was replaced before. */
void stderr_target_forked(void);

/* When exit() begins: makes the duplicate. */
void stderr_target_keep(void);

/*
 * Columns of the terminal at fd, as at the start where it is standard error;
 * 0: no terminal.
 */
unsigned stderr_target_columns(int fd);

/*
 * Would a user miss a report that can not be written there? No if there was no
 * descriptor 2 at the start, if it was a device such as /dev/null, or in a
 * forked child that changed descriptor 2 itself, in order to be silent.
 */
bool stderr_target_is_missed(void);

/*
 * Returns a descriptor of that destination; -1: there is none. The caller
 * passes it to stderr_target_close, which closes it if it was opened here.
 */
int stderr_target_open(void);
void stderr_target_close(int fd);

/* Writes a whole line, at best effort. Keeps errno. Async-signal-safe. */
void stderr_target_say(const char *text, size_t length);

/* After the report: closes the duplicate. */
void stderr_target_finish(void);

#endif
