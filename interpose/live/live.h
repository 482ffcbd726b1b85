/*
 * live.h - the option live: the statistics page in a file that others read.
 *
 * Purpose   /dev/shm/midpool.<uid>.<pid>.<generation> holds the counters
 *           while the process runs, and after it died.
 * Model     The file is made, handed to the pool, which maps it, and closed.
 *           Its first blocks are allocated at once, so that a full /dev/shm
 *           is detected then and not by a SIGBUS later. All pages together
 *           stay within a tenth of the file system (live_room.h).
 *           generation counts the programs that the pid has been, by exec;
 *           the page of the one before is marked as ended by exec.
 *           A child made by a bare clone or _Fork, which run no handlers,
 *           counts in its parent's page until it executes a program.
 * Keeping   A process that ends by exit() and whose report is out removes its
 *           page, unless the option is live:keep. The page stays if its
 *           numbers are nowhere else, because the process was killed, ended
 *           by _exit or exec, or could not write its report. Each start of a
 *           program with a live page sweeps the user's own pages: those of
 *           dead processes are removed an hour after a sweep first met them
 *           dead, and sooner if there are more than 256 or too many bytes.
 * Thread    The only one: in the constructor, in a forked child, and at exit.
 */
#ifndef MIDPOOL_INTERPOSE_LIVE_H
#define MIDPOOL_INTERPOSE_LIVE_H

#include <stdbool.h>

/*
 * Sweeps, and moves the page into a file of its own, which live_finish does not
 * remove if keep is set. False, after a line on stderr, if that fails; the
 * counters then stay in memory. In both cases the caller describes and
 * publishes the page (process.h). Async-signal-safe.
 */
bool live_start(bool keep);

/* The same in a forked child, which neither sweeps nor says anything. */
bool live_start_child(void);

/*
 * At the end of a process whose counters are reported elsewhere or not wanted:
 * removes the file, unless it is to be kept. The counters stay
 * usable. Makes system calls (lstat, unlink).
 */
void live_finish(void);

#endif
