/*
 * bound.h - bounds of idle memory: decay_ms:0 and pool_max.
 *
 * Model     Each put looks at the sums. Memory over the bound goes at once, as
 *           little as suffices, so a put does the work of about one slot.
 *           With decay_ms:0, the slots that reach a depot go to their slabs,
 *           and those slabs' idle pages to the system.
 */
#ifndef MIDPOOL_POOL_BOUND_H
#define MIDPOOL_POOL_BOUND_H

#include "base.h"

/*
 * Holds the bounds after a put to that bin; BINS: after a whole cache went to
 * the depots. Requires no lock.
 */
void bound_hold(unsigned bin);

#endif
