/*
 * cache_budget.h - how much all thread caches may hold, by their capacity.
 *
 * Threads that sleep keep what they were granted. So that a few of them do not
 * starve those that work, there is a reserve for small caches only; what a
 * thousand sleepers keep is bounded all the same. The budget grows with what is
 * live: many threads with much in their hands would otherwise have caches too
 * small for the ups and downs of it, and meet at the depot. Thread: any, each
 * for its own cache.
 */
#ifndef MIDPOOL_POOL_CACHE_BUDGET_H
#define MIDPOOL_POOL_CACHE_BUDGET_H

#include "base.h"

struct cache;

/* Capacity for so many bytes more. False: cache_max or the budget is met. */
bool cache_grant(struct cache *cache, uint64_t bytes);

/* Gives capacity back. */
void cache_revoke(struct cache *cache, uint64_t bytes);

/* Capacity granted to all caches. */
uint64_t cache_granted_bytes(void);

/* In a forked child: of all caches own is left (NULL: none). */
void cache_forget_others(const struct cache *own);

#endif
