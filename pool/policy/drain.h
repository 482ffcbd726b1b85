/*
 * drain.h - moves idle slots from the depots to their slabs.
 *
 * Model     Only slots in slabs can be returned to the system, or make a slab
 *           empty for another bin. A magazine moves as a whole. Slots that were
 *           idle for a window are noted first (drain_note) and moved in
 *           pieces.
 * Thread    All require the slab lock. The loops over all depots give way to
 *           threads that wait for it.
 */
#ifndef MIDPOOL_POOL_DRAIN_H
#define MIDPOOL_POOL_DRAIN_H

#include "magazine.h"

/*
 * Moves slots of the bin's depot by whole magazines, and no more than so many.
 * Returns how many.
 */
uint32_t drain_bin(unsigned bin, uint32_t slots);

/* Slabs that slots were moved to. */
struct drain_touched {
    unsigned count;
    uint32_t slab[MAGAZINE_ROUNDS];
};

/* Moves a magazine of the bin's depot. False: there is none. */
bool drain_one(unsigned bin, struct drain_touched *touched);

/*
 * Moves about so many bytes of the fullest depot, at least a magazine. Returns
 * how many slots.
 */
uint32_t drain_fullest(size_t bytes);

/*
 * Moves about so many bytes of the bin's depot, and as many of the fullest
 * depot's. Returns how many slots.
 */
uint32_t drain_some(unsigned bin, size_t bytes);

/* Moves all. False: the lock was not to be had again after giving way. */
bool drain_all(void);

/*
 * Notes how many slots of each depot are to be moved: depot_window when a decay
 * window begins, depot_count for all. Returns their sum.
 */
uint64_t drain_note(uint32_t (*idle)(unsigned bin));

/*
 * Moves up to so many noted ones, at least MAGAZINE_ROUNDS. Returns how many;
 * 0: none is left.
 */
uint64_t drain_noted(uint64_t slots);

#endif
