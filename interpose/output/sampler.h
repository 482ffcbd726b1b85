/*
 * sampler.h - the call stacks of sampled gets.
 *
 * Purpose   With the option sites, takes the call stack of each get that the
 *           pool chose (pool/cache/sample.h) and counts it in a table of ours
 *           (stats/sites/sites.h).
 * Model     The table is mapped at the start; afterwards nothing here makes a
 *           system call, allocates or waits. A stack that is new to the table
 *           is described once: the file of each frame and the offset in it,
 *           so that names can be found later, elsewhere, also of a library
 *           that was closed since.
 */
#ifndef MIDPOOL_INTERPOSE_SAMPLER_H
#define MIDPOOL_INTERPOSE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "sites.h"

/*
 * Starts sampling if the options ask for it. True: there is a table. Prints a
 * message if there is no memory for one. Requires that only one thread runs.
 */
bool sampler_start(const struct options *options);

/*
 * Bytes of a file, whole pages, that sampler_share needs; 0: there is no table.
 */
size_t sampler_shared_bytes(void);

/*
 * From now on the file behind fd holds the table, from offset on, where it
 * reads as zero; earlier counts are lost. False: nothing has changed.
 * Requires that one thread runs.
 */
bool sampler_share(int fd, size_t offset);

/*
 * In a forked child: the counts start from zero, in memory of its own. Without
 * memory for them it does not sample.
 */
void sampler_forked(void);

/* Sets all counts to zero. Thread: any. */
void sampler_reset(void);

/* The table; NULL: sampling is off. */
const struct sites *sampler_table(void);

#endif
