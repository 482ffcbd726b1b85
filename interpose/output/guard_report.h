/*
 * guard_report.h - guarded buffers, and reports of mistakes with them.
 *
 * Purpose   With the option guard, some buffers lie between protected pages
 *           (pool/cache/guard.h). A fault there, a double free, or a write
 *           beside a buffer that its free detected is reported on standard
 *           error and in a file, whose name is that of report_file with .guard
 *           behind it, or midpool.%e.%p.guard in the working directory. The
 *           report names the mistake, the buffer, and the stacks of the access,
 *           of the allocation and of the free.
 * Model     A fault is passed on to the program's own handler, or ends the
 *           process by SIGSEGV (fault_handler.h). The other mistakes are
 *           misuse, and the option misuse applies.
 *           Reports lie in static memory: the stack may be a signal's and
 *           small. The file holds all reports of the process so far.
 */
#ifndef MIDPOOL_INTERPOSE_GUARD_REPORT_H
#define MIDPOOL_INTERPOSE_GUARD_REPORT_H

#include "options.h"

/*
 * Starts guarding if the options ask for it. Prints a message if that fails.
 * Requires that only one thread runs.
 */
void guard_report_start(const struct options *options);

/* In a forked child. */
void guard_report_forked(void);

/* At the end: reports writes beside buffers that were never freed. */
void guard_report_finish(void);

#endif
