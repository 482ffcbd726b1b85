/*
 * decay.h - idle memory goes back to the system as time passes.
 *
 * Model     Time is cut into decay windows, a fifth of decay_ms long. Slots
 *           of a thread's bin that were not used for a whole window go to the
 *           depot; what a depot did not need during one goes back to its
 *           slabs (the working-set estimate of Bonwick and Adams); a slab's
 *           idle pages that no give or take touched for another are returned
 *           to the system. So idle memory keeps its pages for three to five
 *           windows: at most decay_ms, while there are ticks.
 *           A pause of decay_ms without ticks counts as those windows.
 *           Ticks come from the slow paths of running threads, and from the
 *           purge thread where there is one. A window's work is spread over
 *           half of it (pace.h), in pieces of some ten microseconds. System
 *           calls are made without the slab lock.
 */
#ifndef MIDPOOL_POOL_DECAY_H
#define MIDPOOL_POOL_DECAY_H

#include <stdatomic.h>

#include "base.h"

/* When decay_tick has work to do, in its clock; written under the slab lock. */
extern hidden _Atomic int64_t decay_next_ns;

/*
 * Does what is due by now: a piece or two, where the calling thread's last look
 * at the time, since_ns, is not long ago. Requires no lock.
 */
void decay_tick(int64_t since_ns, int64_t now_ns);

#endif
