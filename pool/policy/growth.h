/*
 * growth.h - idle memory is used or returned before a bin grows.
 *
 * Model     A bin grows only after a look at what is idle elsewhere. While
 *           more than a twelfth of pool memory (and some MB) is idle, each 2 MB
 *           of growth moves 4 MB from the fullest depot to its slabs, and then
 *           takes an empty slab over, or returns up to 4 MB of idle memory. So
 *           idle memory falls while bins grow, and no call does much of it.
 * Thread    All require the slab lock.
 */
#ifndef MIDPOOL_POOL_GROWTH_H
#define MIDPOOL_POOL_GROWTH_H

#include "base.h"

/*
 * A bin grows, by a slab if slab_wanted. True: idle memory is a good part of
 * the memory in use, and an empty slab, if there is one, should serve the bin
 * with its pages present; otherwise some idle memory was returned. False:
 * little is idle, and slabs had better stay with their bins. Releases the slab
 * lock meanwhile.
 */
bool growth_purge(bool slab_wanted);

/*
 * So many bytes became resident: purges for growth when they add up. Releases
 * the slab lock meanwhile.
 */
void growth_note(uint64_t bytes);

/*
 * Assigns a clean or new slab to the bin, with huge pages or small ones. Of
 * many empty slabs, or where the system gives no memory, one is purged and
 * assigned. Returns its number; UINT32_MAX: there is none, or the lock was not
 * to be had again after a purge.
 */
uint32_t growth_assign(unsigned bin, bool huge);

/*
 * So many bytes will be readied by a warm-up. The program said that it is
 * going to need them: until decay would take them, growth leaves them alone.
 */
void growth_expect_warm(uint64_t bytes);

/* How much growth leaves alone because of that. */
uint64_t growth_warm_bytes(void);

#endif
