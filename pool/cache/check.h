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
 * A slot was found free in two places (cache_is_misplaced) in the middle of an
 * operation. It was put twice: one put is taken back from the block
 * (account_put_undone), and the operation's end reports it; with several the
 * last is named, all are counted. Does not report a slot that this thread's own
 * interrupted fast path is working on.
 */
void check_found(struct stats_block *block, unsigned bin, void *slot);
extern hidden void *_Atomic check_found_slot;

/* Gives a slot back to its slab, and notes it if it is misplaced. */
void check_put_slab(unsigned bin, void *slot, bool cold);

static inline bool
check_has_found(void)
{
    return atomic_load_explicit(&check_found_slot, memory_order_relaxed) !=
           NULL;
}

/* Reports it. Not within an operation: the handler may not return. */
void check_tell(void);

/* Fills a free slot with the pattern. */
void check_fill(void *slot, size_t bytes);

/* The slot reads as its last put left it, or was not filled. */
#define CHECK_INTACT SIZE_MAX

/*
 * The offset of the first byte of a slot that changed since it was filled, or
 * CHECK_INTACT.
 */
size_t check_reuse(const void *slot, unsigned bin);

/* Reports it. Not within an operation: the handler may not return. */
void check_tell_damage(const void *slot, unsigned bin, size_t offset);

#endif
