/*
 * cache_flush.c - gives slots back: all slots of a cache when its thread ends,
 * and those of a bin that was idle for a decay window.
 */
#include "cache.h"
#include "cache_budget.h"
#include "check.h"
#include "slab.h"

static struct magazine *
unload(struct bin *bin)
{
    struct magazine *magazine = cache_loaded(bin);

    magazine->rounds = (uint16_t)(bin->top - bin->base);
    bin->base = bin->top = bin->low = bin->limit = NULL;
    compiler_barrier();
    return magazine;
}

static void
give_run_back(struct bin *bin, unsigned index)
{
    struct magazine *run = bin->cold;

    if (run == NULL)
        return;
    bin->cold = NULL;
    if (!lock_acquire_soon(&slab_lock))
        return;
    for (unsigned i = 0; i + run->taken < run->rounds; i++)
        check_put_slab(index, run->slot[i], true);
    lock_release(&slab_lock);
    magazine_free(run);
}

static void
give_magazine(unsigned index, struct magazine *magazine)
{
    if (magazine->rounds > 0)
        depot_push(index, magazine);
    else
        magazine_free(magazine);
}

static void
flush_bin(struct cache *cache, unsigned index)
{
    struct bin *bin = &cache->bin[index];

    if (bin->base != NULL)
        give_magazine(index, unload(bin));
    give_run_back(bin, index);

    uint64_t granted = (uint64_t)bin->rounds * bin_info[index].stride;

    bin->rounds = 0;
    compiler_barrier();
    cache_revoke(cache, granted);
    bin->early_puts = 0;
}

void
cache_flush(struct cache *cache)
{
    for (unsigned index = 0; index < BINS; index++)
        flush_bin(cache, index);
    cache_publish(cache);
}

void
cache_trim(struct cache *cache)
{
    const struct stats_block *block = cache_block(cache);
    uint32_t window = __atomic_load_n(&slab_window, __ATOMIC_RELAXED);

    if (cache->window == window)
        return;
    cache->window = window;
    for (unsigned index = 0; index < BINS; index++) {
        struct bin *bin = &cache->bin[index];
        const struct stats_hot *hot = &block->hot[index];
        uint64_t activity = recent_gets(hot) + hot->puts;

        if (activity == bin->activity &&
            (bin->base != NULL || bin->cold != NULL))
            flush_bin(cache, index);
        bin->activity = activity;
    }
}
