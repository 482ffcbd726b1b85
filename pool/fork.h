/*
 * fork.h - finishing a fork in the child; the protocol itself is in pool.h.
 */
#ifndef MIDPOOL_POOL_FORK_H
#define MIDPOOL_POOL_FORK_H

#include "base.h"

/* A forked child still has to rebuild (fork_finish). */
extern hidden bool fork_pending;

/* The statistics page is a shared mapping. */
extern hidden bool fork_page_shared;

/* Does it. Requires that no operation of the pool is under way. */
void fork_finish(void);

#endif
