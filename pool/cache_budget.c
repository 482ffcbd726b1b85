/*
 * cache_budget.c - see cache_budget.h.
 */
#include "cache_budget.h"

#include "cache.h"
#include "settings.h"

/* Capacity granted to all caches, in bytes. */
static _Atomic uint64_t granted_bytes;

bool
cache_grant(struct cache *cache, uint64_t bytes)
{
    uint64_t all = atomic_load_explicit(&granted_bytes, memory_order_relaxed);
    uint64_t mine = cache->granted_bytes + bytes;
    uint64_t limit = settings.cache_budget_bytes;

    if (mine <= settings.cache_small_bytes)
        limit += settings.cache_reserve_bytes;
    if (mine > settings.config.cache_max_bytes || all + bytes > limit)
        return false;
    cache->granted_bytes += bytes;
    atomic_fetch_add_explicit(&granted_bytes, bytes, memory_order_relaxed);
    return true;
}

void
cache_revoke(struct cache *cache, uint64_t bytes)
{
    pool_assert(cache->granted_bytes >= bytes);
    cache->granted_bytes -= bytes;
    atomic_fetch_sub_explicit(&granted_bytes, bytes, memory_order_relaxed);
}

uint64_t
cache_granted_bytes(void)
{
    return atomic_load_explicit(&granted_bytes, memory_order_relaxed);
}

void
cache_forget_others(const struct cache *own)
{
    atomic_store_explicit(&granted_bytes, own != NULL ? own->granted_bytes : 0,
                          memory_order_relaxed);
}
