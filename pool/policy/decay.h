/*
 * decay.h - idle memory goes back to the system as time passes.
 *
 * Model     Time is cut into decay windows, a fifth of decay_ms long. Idle
 *           memory moves one step after each window in which it was not used:
 *             a thread's bin without a get or put   to the depot
 *             the least number of slots that the
 *             depot held during the window          to their slabs
 *             idle pages of a slab without a get
 *             or put of its slots                   to the system
 *           (For the depot this is the working-set estimate of Bonwick and
 *           Adams.) Idle memory therefore keeps its pages for three to five
 *           windows, at most decay_ms, while there are ticks. A pause of
 *           decay_ms without ticks counts as all of those windows.
 *           Ticks come from the slow paths of running threads, and from the
 *           purge thread where there is one. A window's work is spread over
 *           half of it (pace.h), in pieces of some ten microseconds. System
 *           calls are made without the slab lock.
 */
#ifndef MIDPOOL_POOL_DECAY_H
#define MIDPOOL_POOL_DECAY_H

#include <stdatomic.h>

#include "base.h"

/* The time at which decay_tick has work; written under the slab lock. */
extern hidden _Atomic int64_t decay_next_ns;

/*
 * Does the work that is due at now_ns: a piece or two, or more if since_ns, the
 * calling thread's last look at the time, is long ago. Requires no lock.
 */
void decay_tick(int64_t since_ns, int64_t now_ns);

#endif
