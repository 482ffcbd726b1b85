/*
 * drain.h - moves idle slots from the depots to their slabs.
 *
 * Model     Only slots in slabs can be returned to the system, or make a slab
 *           empty for another bin. A magazine moves as a whole. What is moved
 *           because it was idle for a window is noted first (drain_window) and
 *           moved in pieces.
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

/* Moves about so many bytes of the fullest depot, at least a magazine. */
void drain_fullest(size_t bytes);

/*
 * Moves about so many bytes of the bin's depot, and as many of the fullest
 * depot's.
 */
void drain_some(unsigned bin, size_t bytes);

/* Moves all. False: the lock was not to be had again after giving way. */
bool drain_all(void);

/*
 * A decay window begins: notes the slots that no depot needed during the last
 * one. Returns their number.
 */
uint64_t drain_window(void);

/* Notes all slots of the depots instead. Returns their number. */
uint64_t drain_note_all(void);

/*
 * Moves up to so many noted ones, at least MAGAZINE_ROUNDS. Returns how many;
 * 0: none is left.
 */
uint64_t drain_noted(uint64_t slots);

#endif
