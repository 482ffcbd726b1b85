/*
 * cache.c - the variables by which a thread finds its cache, and the bound low
 * of each stack, which follows from the counters.
 */
#include "cache.h"

#include "account.h"

__thread struct cache *cache_self __attribute__((tls_model("initial-exec"))) =
    &cache_empty;

int64_t cache_no_credit = INT64_MIN / 2;

__thread struct stats_block *cache_below
    __attribute__((tls_model("initial-exec"))) = CACHE_NO_BLOCK;

__thread struct cache_operation cache_operation
    __attribute__((tls_model("initial-exec")));

/* All sizes and slabs lead to no_top, no_low and no_limit. */
struct cache cache_empty = {.state = CACHE_EMPTY, .match = UINT32_MAX};
struct cache cache_dead = {.state = CACHE_DEAD, .match = UINT32_MAX};
struct cache cache_busy = {.state = CACHE_BUSY, .match = UINT32_MAX};

void
cache_set_low(struct cache *cache, unsigned index)
{
    struct bin *bin = &cache->bin[index];
    struct stats_block *block = cache_block(cache);
    int64_t live = account_share(block, index);
    int64_t depth = bin->top - bin->base;
    int64_t room;

    /* After a reset the fast path may have gone past the new peak. */
    if (unlikely(live > block->cold[index].peak))
        block->cold[index].peak = live;
    room = block->cold[index].peak - live;
    bin->low = depth > room ? bin->top - room : bin->base;
}

void
cache_publish(struct cache *cache)
{
    account_publish(cache_block(cache));
    for (unsigned bin = 0; bin < BINS; bin++)
        cache_set_low(cache, bin);
}
