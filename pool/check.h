/*
 * check.h - judging pointers, and filling free slots.
 */
#ifndef MIDPOOL_POOL_CHECK_H
#define MIDPOOL_POOL_CHECK_H

#include <stdatomic.h>

#include "base.h"
#include "pool.h"

/* Counts and reports misuse of a pointer into the pools. Takes no lock. */
void check_report(enum pool_misuse kind, const void *ptr, size_t bytes);

/*
 * What is wrong with releasing ptr, given the state word that its address
 * leads to and the bin of its slab: reported here.
 */
void check_misuse(const void *ptr, unsigned bin, uint32_t state);

/*
 * A slot of so many bytes was found in two places, in the middle of an
 * operation, whose end reports it. With several the last is named, all are
 * counted.
 */
void check_found(void *slot, size_t bytes);
extern hidden void *_Atomic check_found_slot;

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

/* Reports the first byte of a slot filled before that changed since. */
void check_reuse(const void *slot, unsigned bin);

#endif
