/*
 * live.h - the option live: the statistics page in a file that others read.
 *
 * Purpose   /dev/shm/midpool.<uid>.<pid>.<generation> holds the counters
 *           while the process runs and after it ended, however it ended.
 * Model     The file is made, handed to the pool, which maps it, and closed.
 *           Its first blocks are allocated then and there, so that a full
 *           /dev/shm shows at once and not as a SIGBUS.
 *           generation counts the programs that the pid has been, by exec;
 *           the page of the one before is marked as ended by exec.
 *           A child made by a bare clone or _Fork, which run no handlers,
 *           counts in its parent's page until it executes a program.
 * Keeping   A page stays when its process ended, for midpool-snapshot. Each
 *           start with live:yes sweeps the user's own: those of dead
 *           processes go an hour after a sweep first met them dead, and
 *           sooner when there are more than 256.
 * Thread    The only one: in the constructor, and in a forked child.
 */
#ifndef MIDPOOL_INTERPOSE_LIVE_H
#define MIDPOOL_INTERPOSE_LIVE_H

#include <stdbool.h>

/*
 * Moves the page into a file of its own. False, after a line on stderr, when
 * that can not be; the counters then stay in memory. Either way the page is
 * to be described and published (process.h). Async-signal-safe.
 */
bool live_start(void);

#endif
