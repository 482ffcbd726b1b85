/*
 * slab.h - slots of slabs: which are free, and which of those are warm.
 *
 * Model     A slab serves one bin at a time. Its slots [0, fresh) were given
 *           out to magazines at least once, the rest never. Of the given out
 *           ones, some came back and are marked in one of two bitmaps:
 *             warm  the memory holds what its last user left
 *             cold  the memory was returned to the system, or was never
 *                   handed out to the program
 *           Invariants of an assigned slab:
 *             warm and cold are disjoint and lie below fresh
 *             popcount(warm) = warm_free, popcount(cold) = cold_free
 *             out = fresh - warm_free - cold_free are in magazines or live
 *           A slab with out = 0 is empty: it still serves its bin, but may be
 *           given to another bin with its pages present, or be purged.
 * Sets      warm_slabs[bin]  assigned, warm_free > 0
 *           room_slabs[bin]  assigned, cold_free > 0 or fresh < slots
 *           empty_slabs      assigned, out = 0, fresh > 0, cold_free = 0
 *           partly_cold_slabs  the same with cold_free > 0
 *           clean_slabs      unassigned, reads as zero
 *           bare_slabs       unassigned, given back to the system with its
 *                            address space (slab.c)
 *           A slab that is being purged is in none (purge_slab.c). The lowest
 *           address is taken first, so that high slabs become empty.
 * Ownership All of it is written under slab_lock; slab_warm_count is read
 *           without it, as a hint.
 */
#ifndef MIDPOOL_POOL_SLAB_H
#define MIDPOOL_POOL_SLAB_H

#include "lock.h"
#include "magazine.h"
#include "region.h"
#include "size_class.h"
#include "slab_set.h"
#include "slot_place.h"

extern hidden struct slab_set warm_slabs[BINS];
extern hidden struct slab_set room_slabs[BINS];
extern hidden struct slab_set empty_slabs;
extern hidden struct slab_set partly_cold_slabs;
extern hidden struct slab_set clean_slabs;
extern hidden struct slab_set bare_slabs;
extern hidden _Atomic uint32_t slab_warm_count[BINS];
extern hidden uint32_t slab_window; /* the current decay window's number */
extern hidden uint32_t slab_assigned_count[BINS];
extern hidden uint32_t slab_assigned_total;
extern hidden uint32_t slab_pinned_count[BINS]; /* sum over a bin's slabs */
extern hidden uint64_t slab_resident_bytes;     /* slots not cold, about */

static inline struct slab *
slab_at(uint32_t number)
{
    return &region.slab[number];
}

static inline unsigned
slab_out(const struct slab *slab)
{
    return (unsigned)slab->fresh - slab->warm_free - slab->cold_free;
}

/* Bytes before a slab's first slot: see colour in slab.c. */
static inline uint32_t
slab_colour(const struct slab *slab)
{
    return (uint32_t)slab->colour * CACHE_LINE_BYTES;
}

/*
 * Index of the slot that starts at or contains ptr; beyond the bin's slots
 * where there is none.
 */
static inline unsigned
slab_slot(const void *ptr, unsigned bin)
{
    const struct slab *slab = slab_at((uint32_t)region_number(ptr));
    uint32_t offset = (uint32_t)((uintptr_t)ptr & (SLAB_BYTES - 1));

    return slot_at_offset(&bin_info[bin], offset - slab_colour(slab));
}

static inline char *
slab_slot_start(uint32_t number, unsigned bin, unsigned slot)
{
    return region_slab_start(number) + slab_colour(slab_at(number)) +
           slot_offset(&bin_info[bin], slot);
}

/* Adds change to a bin's count of warm slots. Requires slab_lock. */
static inline void
slab_warm_add(unsigned bin, int change)
{
    uint32_t count =
        atomic_load_explicit(&slab_warm_count[bin], memory_order_relaxed);

    atomic_store_explicit(&slab_warm_count[bin], count + (uint32_t)change,
                          memory_order_relaxed);
}

/* Gives the sets their words. Thread: the first, after region_init. */
void slab_init(void);

/*
 * slab_sort makes the slab a member of the sets where it belongs now, and of no
 * other; slab_unsort takes it out of all. Both require slab_lock.
 */
void slab_sort(uint32_t number);
void slab_unsort(uint32_t number);

/*
 * Takes up to max warm slots of a bin, all of one slab, into the magazine.
 * Returns their number. Requires slab_lock.
 */
unsigned slab_take_warm(unsigned bin, struct magazine *into, unsigned max);

/*
 * Takes up to max cold slots of one slab, or fresh ones, which are adjacent; of
 * fresh ones more if they share a line of state words with the last. Does not
 * assign a slab: returns 0 if no slab of the bin has room. Sets the magazine's
 * cold and zero. Returns their number. Requires slab_lock.
 */
unsigned slab_take_cold(unsigned bin, struct magazine *into, unsigned max);

/* Sets the number of warm slots that a purge left. Requires slab_lock. */
void slab_set_pinned(struct slab *slab, unsigned pinned);

/*
 * Gives a slot of the bin back. False: the slot was put twice. It is live or
 * already in a slab, possibly of another bin by now; the put is dropped.
 * Callers that are not sure of the slot use check_put_slab. Requires slab_lock.
 */
bool slab_put(unsigned bin, void *ptr, bool cold);

/*
 * Gives an empty slab of another bin to the bin. Its pages are all present:
 * otherwise slots would count as warm that must be faulted in.
 * Returns its number or UINT32_MAX. Requires slab_lock.
 */
uint32_t slab_adopt_empty(unsigned bin);

/* Assigns a clean slab to the bin. Requires slab_lock. */
void slab_assign(uint32_t number, unsigned bin);

/*
 * Assigns a clean, bare or new slab to the bin; one of the other kind of pages
 * only if there is no other. Returns its number or UINT32_MAX. Requires
 * slab_lock.
 */
uint32_t slab_assign_clean(unsigned bin, bool huge);

/*
 * True if there is no clean slab of that kind, and so many empty ones that it
 * is better to purge and assign one of them than a new slab. Requires
 * slab_lock.
 */
bool slab_has_too_many_empty(bool huge);

/*
 * Returns the address space of all clean and empty slabs to the system, for
 * other uses. Returns its bytes; 0 if pieces are reserved (space.h). Requires
 * slab_lock.
 */
size_t slab_unmap_idle(void);

/*
 * Makes an empty slab, whose pages were purged, clean. states: the pages of its
 * state words were purged as well. Requires slab_lock.
 */
void slab_make_clean(uint32_t number, bool states);

/*
 * Rebuilds the tables of slabs after the lock's holder left them half changed,
 * from region_slab_bin and the slots' state words, which are written first or
 * last. Requires slab_lock.
 */
void slab_recover(void);

#endif
