/*
 * guard_report.h - guarded buffers, and reports of mistakes with them.
 *
 * Purpose   With the option guard, some buffers lie between protected pages
 *           (pool/cache/guard.h). Three mistakes are reported on standard error
 *           and in a file: a fault there, a double free, and a write beside a
 *           buffer, which is detected when the buffer is freed. The file has
 *           the name of report_file with .guard added, otherwise
 *           midpool.%e.%p.guard in the working directory. The report names the
 *           mistake, the buffer, and the stacks of the access, of the
 *           allocation and of the free.
 * Model     A fault is passed on to the program's own handler, or ends the
 *           process by SIGSEGV (fault_handler.h). The other mistakes are
 *           misuse, and the option misuse applies.
 *           Reports lie in static memory, because the stack may be a signal's
 *           and small. The file holds all reports of the process so far.
 */
#ifndef MIDPOOL_INTERPOSE_GUARD_REPORT_H
#define MIDPOOL_INTERPOSE_GUARD_REPORT_H

#include "options.h"

/*
 * Starts guarding if the options ask for it. Prints a message if that fails.
 * Requires that only one thread runs.
 */
void guard_report_start(const struct options *options);

/* Called in a forked child, which has made no report yet. */
void guard_report_forked(void);

/*
 * Called at the end of the process: reports writes beside buffers that were
 * never freed.
 */
void guard_report_finish(void);

#endif
