/*
 * purge.h - returning idle memory: decay, bounds, reclaim before growth.
 *
 * Model     Time is cut into decay windows, a fifth of decay_ms long. What a
 *           thread's bin holds that was not used for a whole window goes to
 *           the depot; what a depot did not need during one goes back to its
 *           slabs (the working-set estimate of Bonwick and Adams); a slab's
 *           idle pages that no give or take touched for another are returned
 *           to the system. So idle memory keeps its pages for three to five
 *           windows: at most decay_ms, while there are ticks.
 *           A pause of decay_ms without ticks counts as those windows.
 *           Ticks come from the slow paths of running threads, and from the
 *           purge thread where there is one. System calls are made without the
 *           slab lock.
 */
#ifndef MIDPOOL_POOL_PURGE_H
#define MIDPOOL_POOL_PURGE_H

#include "base.h"

/* Cheap while no window is over. Requires no lock. */
void purge_tick(int64_t now_ns);

/*
 * A bin grows. When idle memory is a good part of the memory in use, the
 * depots' magazines go back to the slabs first. If the bin wants a slab and one
 * became empty, that is all: it can serve the bin with its pages present.
 * Otherwise at least as much idle memory is returned as the bin grew by. False:
 * little is idle, and slabs had better stay with their bins.
 * Requires the slab lock, which is released meanwhile.
 */
bool purge_for_growth(bool slab_wanted);

/*
 * So many bytes became resident: purges for growth when they add up.
 * Requires the slab lock, which is released meanwhile.
 */
void purge_note_growth(uint64_t bytes);

/*
 * So many bytes will be readied by a warm-up. The program said that it is
 * going to need them: until decay would take them, growth leaves them alone.
 * Requires the slab lock.
 */
void purge_expect_warm(uint64_t bytes);

/* How much growth leaves alone because of that. Requires the slab lock. */
uint64_t purge_warm_bytes(void);

/*
 * Moves about that many bytes of the bin's depot to its slabs, and as many of
 * the fullest depot's. Requires the slab lock.
 */
void purge_drain(unsigned bin, size_t bytes);

/*
 * Holds pool_max and decay_ms:0 after a put to that bin; BINS: after a whole
 * cache went to the depots. Requires no lock.
 */
void purge_bound(unsigned bin);

/* Moves the depots' slots to the slabs. Requires no lock. */
void purge_collect(void);

/*
 * The same, and returns the address space of slabs that became empty, and of
 * those that were. Returns its bytes. Requires no lock.
 */
size_t purge_space(void);

/* Returns everything idle that the depots and slabs hold; bytes. */
size_t purge_all(void);

#endif
