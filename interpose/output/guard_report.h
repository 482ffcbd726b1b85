/*
 * guard_report.h - guarded buffers, and what is told of mistakes with them.
 *
 * Purpose   With the option guard, some buffers lie between protected pages
 *           (pool/cache/guard.h). A fault there, a double free, or a write
 *           beside a buffer that its free found, gets a report on standard
 *           error and in a file, whose name is that of report_file with .guard
 *           behind it, or midpool.%e.%p.guard in the working directory: what
 *           it was, the buffer, and the stacks of the access, of the allocation
 *           and of the free.
 * Model     A fault goes on to the program's own handler, or ends the process
 *           by SIGSEGV (fault_handler.h). The others are misuse, and get what
 *           the option misuse says.
 *           Reports lie in static memory: the stack may be a signal's and
 *           small. The file holds all reports of the process so far.
 */
#ifndef MIDPOOL_INTERPOSE_GUARD_REPORT_H
#define MIDPOOL_INTERPOSE_GUARD_REPORT_H

#include "options.h"

/*
 * Begins, if the options ask for it. That it can not is said. Requires that
 * one thread runs.
 */
void guard_report_start(const struct options *options);

/* In a forked child. */
void guard_report_forked(void);

/* At the end: a write beside a buffer that was never freed is told. */
void guard_report_finish(void);

#endif
