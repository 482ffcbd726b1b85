/*
 * stderr_target.h - the destination of text for the user of the program.
 *
 * Purpose   At the time of the exit report, descriptor 2 may be closed (GNU
 *           coreutils close it in an atexit handler, daemons when they start),
 *           or it may be another file by then, perhaps the program's database.
 * Model     The constructor records what file descriptor 2 is. Later text
 *           goes there only while it still is that file. When exit begins,
 *           before the program's atexit handlers run, a duplicate is made
 *           and kept until the report is written. (exit() first runs the
 *           destructors of thread-local objects, and lifecycle.c registers
 *           one.) While the program runs, no descriptor is held.
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

/* Records what descriptor 2 is. Thread: the constructor's. */
void stderr_target_record(void);

/*
 * Makes the checks that a seccomp filter may forbid; called right before the
 * program sets one. Keeps errno.
 */
void stderr_target_confirm(void);

/* Called in a forked child: notes if the parent had replaced descriptor 2. */
void stderr_target_forked(void);

/* Makes the duplicate; called when exit() begins. */
void stderr_target_keep(void);

/*
 * Returns the columns of the terminal at fd; for standard error, those that it
 * had at the start. 0: fd is no terminal.
 */
unsigned stderr_target_columns(int fd);

/*
 * True if a user would miss a report that cannot be written to descriptor 2.
 * False if there was none at the start, if it was a device such as /dev/null,
 * or in a forked child that changed it, because such a child is meant to be
 * silent.
 */
bool stderr_target_is_missed(void);

/*
 * Returns a descriptor of the destination; -1: there is none. The caller
 * passes it to stderr_target_close, which closes it if it was opened here.
 */
int stderr_target_open(void);
void stderr_target_close(int fd);

/* Writes a whole line, at best effort. Keeps errno. Async-signal-safe. */
void stderr_target_say(const char *text, size_t length);

/* Closes the duplicate; called after the report. */
void stderr_target_finish(void);

#endif
