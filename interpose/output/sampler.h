/*
 * sampler.h - who asks for sampled buffers.
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
 * Begins, if the options ask for it. True: there is a table. That there is no
 * memory for it is said. Requires that one thread runs.
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
 * In a forked child: the counts begin anew, in memory of its own. Without
 * memory it goes without.
 */
void sampler_forked(void);

/* The counts begin anew. Thread: any. */
void sampler_reset(void);

/* NULL: off. */
const struct sites *sampler_table(void);

#endif
