/* sample.c - see sample.h. */
#include "sample.h"

#include <time.h>

#include "block.h"
#include "chance.h"
#include "guard_slot.h"
#include "os.h"
#include "recent.h"
#include "region.h"

struct pool_sample_rate sample_rate;

static const struct pool_sampler *sampler; /* NULL: nobody */
static uint64_t sample_seed;               /* 0: another one each time */

/* Points further away than so many rates do not occur. */
enum { DISTANCE_RATES_MAX = 64 };

/* Seeds that differ in a few bits only become unlike each other. */
static uint64_t
mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    value ^= value >> 31;
    return value != 0 ? value : 1;
}

static uint64_t
seed_of(const struct cache *cache)
{
    uint64_t base = sample_seed;

    if (base == 0)
        base = mix((uint64_t)os_clock_ns(CLOCK_MONOTONIC)) ^ (uintptr_t)cache;
    return mix(base + cache->index * UINT64_C(0x9e3779b97f4a7c15));
}

uint64_t
sample_distance(struct cache *cache, uint64_t mean)
{
    if (cache->random == 0)
        cache->random = seed_of(cache);
    return chance_distance(&cache->random, mean);
}

static uint64_t
rate_of(const struct bin *bin)
{
    return sample_rate.first << bin->sample_level;
}

/* As many doublings as the cache's samples ask for, within the most. */
static uint8_t
level_of(const struct cache *cache)
{
    uint8_t level = 0;
    uint32_t due = cache->samples / POOL_SAMPLES_A_RATE;

    while (level < due && sample_rate.first << level <= sample_rate.most / 2)
        level++;
    return level;
}

/* The bin's next sample, after so many bytes. */
static void
draw(struct cache *cache, struct bin *bin, uint64_t after)
{
    bin->sample_level = level_of(cache);
    bin->sample_at = after + sample_distance(cache, rate_of(bin));
}

void
sample_start(const struct pool_sampler *into, struct pool_sample_rate rate,
             uint64_t seed)
{
    struct cache *own = block_own();

    sampler = into;
    sample_rate = rate;
    sample_seed = seed;
    if (own == NULL)
        return;
    sample_restart(own);
    /* The credit that gets have may reach beyond a sample. */
    for (unsigned bin = 0; bin < BINS; bin++)
        recent_fold(cache_block(own), bin, 1);
}

uint64_t
sample_choose(struct cache *cache, unsigned index, size_t bytes, unsigned *left)
{
    struct bin *bin = &cache->bin[index];
    uint64_t counted = recent_read(cache_block(cache), index).bytes;
    uint64_t after = counted + bytes;
    uint64_t most = rate_of(bin) * DISTANCE_RATES_MAX;
    uint64_t chosen = 0;
    uint64_t room;

    if (bin->sample_at < counted || bin->sample_at - counted > most)
        draw(cache, bin, counted);
    if (after > bin->sample_at) {
        chosen = rate_of(bin);
        cache->samples++;
        draw(cache, bin, after);
    }
    /* This get, those that stay below, and the one that looks again. */
    room = (bin->sample_at - after) / bin_info[index].slot_bytes;
    if (room + 2 < *left)
        *left = (unsigned)room + 2;
    return chosen;
}

void
sample_restart(struct cache *cache)
{
    cache->random = 0;
    cache->samples = 0;
    for (unsigned index = 0; index < BINS; index++) {
        cache->bin[index].sample_at = 0;
        cache->guard_at[index] = 0;
    }
}

static uint32_t *
word_of(const void *slot)
{
    return guard_owns(slot) ? guard_word(slot) : region_state(slot);
}

/* Another thread may give the slot another tag meanwhile. */
static void
mark(void *slot)
{
    uint32_t *state = word_of(slot);
    uint32_t epoch = (uint32_t)BLOCK_EPOCH_MASK << STATE_TAG_SHIFT;

    __atomic_fetch_and(state, ~epoch, __ATOMIC_RELAXED);
}

void
sample_tell(const struct pool_sample *sample)
{
    struct pool_sample told = *sample;

    told.tag = *word_of(told.buffer) & ~STATE_OFFSET_MASK;
    if (sampler != NULL && sampler->begin(&told))
        mark(told.buffer);
}

uint32_t
sample_end(const void *slot, uint32_t tag)
{
    if (likely((tag >> STATE_TAG_SHIFT & BLOCK_EPOCH_MASK) != 0) ||
        sampler == NULL)
        return tag;
    return sampler->end(slot, tag);
}
