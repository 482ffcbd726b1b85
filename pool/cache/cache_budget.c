/*
 * cache_budget.c - see cache_budget.h.
 */
#include "cache_budget.h"

#include "account.h"
#include "cache.h"
#include "settings.h"

/*
 * Capacity granted to all caches, in bytes: the part for everyone, and the part
 * for small caches.
 */
static _Atomic uint64_t common_bytes;
static _Atomic uint64_t reserve_bytes;

/* The part of the budget that grows with live memory. */
static uint64_t
live_share(void)
{
    int64_t live = __atomic_load_n(&account_page->live_bytes, __ATOMIC_RELAXED);

    if (live <= 0)
        return 0;
    return (uint64_t)live < settings.cache_live_bytes
               ? (uint64_t)live
               : settings.cache_live_bytes;
}

/* Two threads that ask at once may both get the last of it. */
static bool
take(_Atomic uint64_t *granted, uint64_t bytes, uint64_t limit)
{
    if (atomic_load_explicit(granted, memory_order_relaxed) + bytes > limit)
        return false;
    atomic_fetch_add_explicit(granted, bytes, memory_order_relaxed);
    return true;
}

bool
cache_grant(struct cache *cache, uint64_t bytes)
{
    uint64_t mine = cache->granted_bytes + bytes;

    if (mine > settings.config.cache_max_bytes)
        return false;
    if (!take(&common_bytes, bytes,
              settings.cache_budget_bytes + live_share())) {
        if (mine > settings.cache_small_bytes ||
            !take(&reserve_bytes, bytes, settings.cache_reserve_bytes))
            return false;
        cache->reserve_bytes += bytes;
    }
    cache->granted_bytes = mine;
    return true;
}

void
cache_revoke(struct cache *cache, uint64_t bytes)
{
    uint64_t reserve = 0; /* bytes for the reserve, which gets its own last */

    pool_assert(cache->granted_bytes >= bytes);
    cache->granted_bytes -= bytes;
    if (cache->reserve_bytes > cache->granted_bytes)
        reserve = cache->reserve_bytes - cache->granted_bytes;
    cache->reserve_bytes -= reserve;
    atomic_fetch_sub_explicit(&common_bytes, bytes - reserve,
                              memory_order_relaxed);
    atomic_fetch_sub_explicit(&reserve_bytes, reserve, memory_order_relaxed);
}

uint64_t
cache_granted_bytes(void)
{
    return atomic_load_explicit(&common_bytes, memory_order_relaxed) +
           atomic_load_explicit(&reserve_bytes, memory_order_relaxed);
}

void
cache_forget_others(const struct cache *own)
{
    uint64_t granted = own != NULL ? own->granted_bytes : 0;
    uint64_t reserve = own != NULL ? own->reserve_bytes : 0;

    atomic_store_explicit(&common_bytes, granted - reserve,
                          memory_order_relaxed);
    atomic_store_explicit(&reserve_bytes, reserve, memory_order_relaxed);
}
