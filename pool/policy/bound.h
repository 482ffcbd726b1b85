/*
 * bound.h - bounds of idle memory: decay_ms:0 and pool_max.
 *
 * Model     Each put on the slow path compares the sums with the bound. Memory
 *           beyond it is returned at once, and no more than that, so a put
 *           does the work of few slots.
 *           With decay_ms:0, the slots that reach a depot go to their slabs,
 *           and those slabs' idle pages to the system.
 */
#ifndef MIDPOOL_POOL_BOUND_H
#define MIDPOOL_POOL_BOUND_H

#include "base.h"

/*
 * Enforces the bounds after a put to that bin; BINS: after a whole cache was
 * flushed to the depots. Requires no lock.
 */
void bound_hold(unsigned bin);

#endif
