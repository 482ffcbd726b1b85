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
 * Moves whole magazines of the bin's depot, of at most slots slots together.
 * Returns the number of slots moved.
 */
uint32_t drain_bin(unsigned bin, uint32_t slots);

/* The slabs that slots were moved to. */
struct drain_touched {
    unsigned count;
    uint32_t slab[MAGAZINE_ROUNDS];
};

/* Moves one magazine of the bin's depot. False: the depot is empty. */
bool drain_one(unsigned bin, struct drain_touched *touched);

/*
 * Moves about that many bytes of the fullest depot, at least a magazine.
 * Returns the number of slots.
 */
uint32_t drain_fullest(size_t bytes);

/*
 * Moves about that many bytes of the bin's depot, and as many of the fullest
 * depot. Returns the number of slots.
 */
uint32_t drain_some(unsigned bin, size_t bytes);

/*
 * Moves all slots of all depots. False: the lock could not be had again after
 * it was given to another thread.
 */
bool drain_all(void);

/*
 * Notes for each depot how many slots are to be moved, as idle tells:
 * depot_window at the beginning of a decay window, depot_count for all slots.
 * Returns their sum.
 */
uint64_t drain_note(uint32_t (*idle)(unsigned bin));

/*
 * Moves up to that many noted slots; slots is at least MAGAZINE_ROUNDS. Returns
 * the number moved; 0: none is left.
 */
uint64_t drain_noted(uint64_t slots);

#endif
