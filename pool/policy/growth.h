/*
 * growth.h - idle memory is used or returned before a bin grows.
 *
 * Model     A bin grows only after a look at idle memory elsewhere. While more
 *           than a twelfth of pool memory (and 16 MB) is idle, each 2 MB of
 *           growth moves 4 MB from the fullest depot to its slabs, and then
 *           takes an empty slab over, or returns up to 4 MB of idle memory.
 *           Idle memory thus falls while bins grow, and no call does much of
 *           the work.
 * Thread    All require the slab lock.
 */
#ifndef MIDPOOL_POOL_GROWTH_H
#define MIDPOOL_POOL_GROWTH_H

#include "base.h"

/*
 * To be called before a bin grows; slab_wanted: by a whole slab. True: much
 * memory is idle. If slab_wanted and there is an empty slab, the caller should
 * give it to the bin with its pages (slab_adopt_empty); otherwise some idle
 * memory was returned. False: little is idle, and slabs stay with their bins.
 * The slab lock is released meanwhile and may be lost.
 */
bool growth_purge(bool slab_wanted);

/*
 * Adds bytes that became resident; calls growth_purge for each 2 MB. The slab
 * lock is released meanwhile and may be lost.
 */
void growth_note(uint64_t bytes);

/*
 * Assigns a clean or new slab to the bin, with huge pages or small ones. If
 * there are many empty slabs, or the system gives no memory, an empty slab is
 * purged and assigned. Returns its number; UINT32_MAX: there is none, or the
 * lock could not be had again after a purge.
 */
uint32_t growth_assign(unsigned bin, bool huge);

/*
 * Announces that a warm-up makes that many bytes ready. The program said that
 * it will need them, so growth does not count them as idle until decay would
 * return them.
 */
void growth_expect_warm(uint64_t bytes);

/* The bytes that are not counted as idle because of that. */
uint64_t growth_warm_bytes(void);

#endif
