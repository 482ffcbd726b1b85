/*
 * cache_budget.h - a budget for the capacity of all thread caches.
 *
 * Sleeping threads keep the capacity that they were granted. A reserve, for
 * small caches only, keeps a few sleepers from starving working threads; the
 * capacity of a thousand sleepers is still bounded. The budget grows with live
 * memory: many threads with much live memory need larger caches to absorb its
 * changes, and would otherwise meet at the depot. Thread: any, each for its own
 * cache.
 */
#ifndef MIDPOOL_POOL_CACHE_BUDGET_H
#define MIDPOOL_POOL_CACHE_BUDGET_H

#include "base.h"

struct cache;

/* Grants capacity for bytes more. False: cache_max or the budget is reached. */
bool cache_grant(struct cache *cache, uint64_t bytes);

/* Gives capacity back. */
void cache_revoke(struct cache *cache, uint64_t bytes);

/* Capacity granted to all caches. */
uint64_t cache_granted_bytes(void);

/* In a forked child: only the cache own is left (NULL: none). */
void cache_forget_others(const struct cache *own);

#endif
