/*
 * check.h - judging pointers, and filling free slots.
 */
#ifndef MIDPOOL_POOL_CHECK_H
#define MIDPOOL_POOL_CHECK_H

#include "base.h"
#include "pool.h"

/* Counts and reports misuse of a pointer into the pools. */
void check_report(enum pool_misuse kind, const void *ptr, size_t bytes);

/*
 * What is wrong with releasing ptr, given the state word that its address
 * leads to and the bin of its slab: reported here.
 */
void check_misuse(const void *ptr, unsigned bin, uint32_t state);

/* Fills a free slot with the pattern. */
void check_fill(void *slot, size_t bytes);

/* Reports the first byte of a slot filled before that changed since. */
void check_reuse(const void *slot, unsigned bin);

#endif
