/*
 * cache_budget.c - see cache_budget.h.
 */
#include "cache_budget.h"

#include "account.h"
#include "cache.h"
#include "settings.h"

/* Capacity granted to all caches, in bytes. */
static _Atomic uint64_t granted_bytes;

/* What caches may hold because the program has much in its hands. */
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

bool
cache_grant(struct cache *cache, uint64_t bytes)
{
    uint64_t all = atomic_load_explicit(&granted_bytes, memory_order_relaxed);
    uint64_t mine = cache->granted_bytes + bytes;
    uint64_t limit = settings.cache_budget_bytes + live_share();

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
