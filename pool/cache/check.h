/*
 * check.h - judging pointers, and filling free slots.
 */
#ifndef MIDPOOL_POOL_CHECK_H
#define MIDPOOL_POOL_CHECK_H

#include <stdatomic.h>

#include "base.h"
#include "pool_types.h"

struct stats_block;

/* Counts and reports misuse of a pointer into the pools. Takes no lock. */
void check_report(enum pool_misuse kind, const void *ptr, size_t bytes);

/*
 * Reports the misuse in releasing ptr, from the state word of its address and
 * the bin of its slab.
 */
void check_misuse(const void *ptr, unsigned bin, uint32_t state);

/*
 * Handles a slot that an operation found free in two places
 * (cache_is_misplaced), because it was put twice: subtracts one put from the
 * block (account_put_undone). The operation's end reports it; of several, all
 * are counted and the last is named. Ignores a slot that this thread's own
 * interrupted fast path is working on.
 */
void check_found(struct stats_block *block, unsigned bin, void *slot);
extern hidden void *_Atomic check_found_slot;

/* Gives a slot back to its slab; check_found if it is misplaced. */
void check_put_slab(unsigned bin, void *slot, bool cold);

static inline bool
check_has_found(void)
{
    return atomic_load_explicit(&check_found_slot, memory_order_relaxed) !=
           NULL;
}

/*
 * Reports a slot that check_found noted. Not within an operation, because the
 * handler may not return.
 */
void check_tell(void);

/* Fills a free slot with the pattern. */
void check_fill(void *slot, size_t bytes);

/* The slot still holds the pattern of its last put, or was not filled. */
#define CHECK_INTACT SIZE_MAX

/*
 * The offset of the first byte of a slot that changed since it was filled, or
 * CHECK_INTACT.
 */
size_t check_reuse(const void *slot, unsigned bin);

/* Reports such a change. Not within an operation, as check_tell. */
void check_tell_damage(const void *slot, unsigned bin, size_t offset);

#endif
