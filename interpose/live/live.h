/*
 * live.h - the option live: the statistics page in a file that others read.
 *
 * Purpose   /dev/shm/midpool.<uid>.<pid>.<generation> holds the counters
 *           while the process runs, and after it died.
 * Model     The file is made, mapped by the pools, and closed. Its first
 *           blocks are allocated at once, so that a full /dev/shm is detected
 *           then and not by a SIGBUS later. All pages together stay within a
 *           tenth of the file system (live_room.h).
 *           The generation is 1 for the first program of a process, and one
 *           more after each exec. The page of the program before an exec is
 *           marked as ended by exec.
 *           A child made by a bare clone or _Fork, which run no handlers,
 *           counts in its parent's page until it executes a program.
 * Keeping   A process that ends by exit() and has written its report removes
 *           its page, unless the option is live:keep. The page stays if its
 *           numbers are nowhere else, because the process was killed, ended
 *           by _exit or exec, or could not write its report. Each program with
 *           a live page sweeps the user's pages when it starts: it removes the
 *           page of a dead process an hour after the first sweep that found
 *           the process dead, and sooner if there are more than 256 such pages
 *           or if they take too many bytes.
 * Thread    One call at a time: in the constructor, in a forked child, at exit.
 */
#ifndef MIDPOOL_INTERPOSE_LIVE_H
#define MIDPOOL_INTERPOSE_LIVE_H

#include <stdbool.h>

/*
 * Sweeps, and moves the page into a file of its own, which live_finish does not
 * remove if keep is set. False: this failed, a line on stderr says why, and the
 * counters stay in memory. In both cases the caller describes and publishes the
 * page (process.h). Async-signal-safe.
 */
bool live_start(bool keep);

/* The same in a forked child, which neither sweeps nor prints anything. */
bool live_start_child(void);

/*
 * Removes the file, unless it is to be kept. Called at the end of a process
 * whose counters are reported elsewhere or not wanted; they stay usable. Makes
 * system calls (lstat, unlink).
 */
void live_finish(void);

#endif
