/*
 * depot.h - magazines and the depot where threads exchange them.
 *
 * Model     A magazine is a small array of pointers to idle slots of one bin
 *           (Bonwick and Adams, "Magazines and Vmem", USENIX ATC 2001). The
 *           depot holds, per bin, a stack of magazines; one more stack holds
 *           empty ones. Magazines live in an area of their own and are known
 *           by number, 0 meaning none, so that a stack's head fits one
 *           64-bit word with a counter against ABA (Treiber, 1986).
 * Ownership A magazine belongs to the depot or to the one thread that popped
 *           it. Pushing releases, popping acquires its contents.
 * Locks     None: every operation is lock-free, may be used in a signal
 *           handler, and a fork in its middle loses at most a magazine,
 *           which the child finds again (fork.c). Only a new magazine may
 *           need pages; they are mapped under the slab lock.
 */
#ifndef MIDPOOL_POOL_DEPOT_H
#define MIDPOOL_POOL_DEPOT_H

#include <stdatomic.h>

#include "base.h"
#include "magazine.h"
#include "size_class.h"

struct depot {
    _Alignas(CACHE_LINE_BYTES) _Atomic uint64_t head; /* counter, number */
    _Atomic int32_t slots; /* in the stack, about; briefly below 0 at times */
    _Atomic int32_t low;   /* fewest since the last decay window began */
};

extern hidden struct depot depot[BINS];

/* Takes addresses for the magazines of that many slabs. False: no room. */
bool depot_init(uint32_t slabs);

/* An empty magazine, or NULL when the area is used up. */
struct magazine *magazine_new(void);
void magazine_free(struct magazine *magazine);

/* Gives the magazine, with its rounds and slots set, to the depot. */
void depot_push(unsigned bin, struct magazine *magazine);
/* Takes a magazine, which belongs to the caller then; NULL: there is none. */
struct magazine *depot_pop(unsigned bin);

/* The approximate number of slots in a bin's depot. */
static inline uint32_t
depot_count(unsigned bin)
{
    int32_t slots =
        atomic_load_explicit(&depot[bin].slots, memory_order_relaxed);

    return slots > 0 ? (uint32_t)slots : 0;
}

/* The bytes of those slots. */
static inline uint64_t
depot_bytes(unsigned bin)
{
    return (uint64_t)depot_count(bin) * bin_info[bin].slot_bytes;
}

/* depot_bytes of all bins. */
uint64_t depot_bytes_all(void);

/* Begins a decay window. Returns the slots that the last one did not need. */
uint32_t depot_window(unsigned bin);

/* The exact number of slots. Requires that no other thread runs. */
uint64_t depot_slots(unsigned bin);

/*
 * Empties every stack. The magazines are lost until depot_reset. For a forked
 * child, also in the middle of an operation on a stack, whose exchange then
 * fails because of the counter.
 */
void depot_forget(void);

/*
 * As depot_forget; then frees all magazines except the count ones in keep. For
 * a forked child, where only one thread runs.
 */
void depot_reset(struct magazine *const keep[], unsigned count);

/* Metadata in use, in bytes. */
uint64_t depot_metadata_bytes(void);

#endif
