/*
 * sampler.h - the call stacks of sampled gets.
 *
 * Purpose   With the option sites, takes the call stack of each get that the
 *           pool chose (pool/cache/sample.h) and counts it in a table
 *           (stats/sites/sites.h).
 * Model     The table is mapped at the start. Taking a sample makes no system
 *           call, allocates nothing and never waits. A stack that is new to
 *           the table is described once, by the file of each frame and the
 *           offset in it. So names can be looked up later and on another
 *           machine, also in a library that has been closed.
 */
#ifndef MIDPOOL_INTERPOSE_SAMPLER_H
#define MIDPOOL_INTERPOSE_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "sites.h"

/*
 * Starts sampling if the options ask for it. Returns whether there is a table;
 * prints a message if there is no memory for one. Requires that only one thread
 * runs.
 */
bool sampler_start(const struct options *options);

/*
 * Returns how many bytes of a file, in whole pages, sampler_share needs; 0:
 * there is no table.
 */
size_t sampler_shared_bytes(void);

/*
 * Moves the table into the file behind fd, at offset, where the file must read
 * as zero. Earlier counts are lost. False: nothing has changed. Requires that
 * only one thread runs.
 */
bool sampler_share(int fd, size_t offset);

/*
 * Called in a forked child: the counts start from zero, in private memory. If
 * there is none, the child does not sample.
 */
void sampler_forked(void);

/* Sets all counts to zero. Thread: any. */
void sampler_reset(void);

/* The table; NULL: sampling is off. */
const struct sites *sampler_table(void);

#endif
