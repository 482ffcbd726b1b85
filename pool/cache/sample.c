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

uint32_t sample_places[SAMPLE_PLACES];

/* The tag in the record of a block outside the pools, which has none itself. */
enum { OUTSIDE = 1 << STATE_TAG_SHIFT };

/* The longest distance to a sample, in rates. */
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

/* The rate's doublings for the cache's samples, up to the largest rate. */
static uint8_t
level_of(const struct cache *cache)
{
    uint8_t level = 0;
    uint32_t due = cache->samples / POOL_SAMPLES_A_RATE;

    while (level < due && sample_rate.first << level <= sample_rate.most / 2)
        level++;
    return level;
}

/* The next sample's position in counted bytes, and its rate's doublings. */
struct point {
    uint64_t at;
    uint8_t level;
};

static uint64_t
rate_of(const struct point *point)
{
    return sample_rate.first << point->level;
}

/* Draws the point of the next sample, beyond after. */
static struct point
draw(struct cache *cache, uint64_t after)
{
    struct point point = {after, level_of(cache)};

    point.at += sample_distance(cache, rate_of(&point));
    return point;
}

/*
 * For a request of the bytes from counted to after: the rate if it is a sample,
 * otherwise 0. After counters were reset the point is out of reach and is drawn
 * anew.
 */
static uint64_t
pass(struct cache *cache, struct point *point, uint64_t counted, uint64_t after)
{
    uint64_t most = rate_of(point) * DISTANCE_RATES_MAX;
    uint64_t chosen;

    if (point->at < counted || point->at - counted > most)
        *point = draw(cache, counted);
    if (after <= point->at)
        return 0;
    chosen = rate_of(point);
    cache->samples++;
    *point = draw(cache, after);
    return chosen;
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
    cache_block(own)->below_granted -= (uint64_t)cache_block(own)->below_credit;
    cache_block(own)->below_credit = 0;
}

uint64_t
sample_choose(struct cache *cache, unsigned index, size_t bytes, unsigned *left)
{
    struct bin *bin = &cache->bin[index];
    uint64_t counted = recent_read(cache_block(cache), index).bytes;
    uint64_t after = counted + bytes;
    struct point point = {bin->sample_at, bin->sample_level};
    uint64_t chosen = pass(cache, &point, counted, after);
    uint64_t room;

    bin->sample_at = point.at;
    bin->sample_level = point.level;
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
    cache->outside_at[SAMPLE_BELOW] = cache->outside_at[SAMPLE_ABOVE] = 0;
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

uint64_t
sample_choose_outside(struct cache *cache, enum sample_side side,
                      uint64_t counted, size_t bytes, uint64_t *room)
{
    struct point point = {cache->outside_at[side], cache->outside_level[side]};
    uint64_t chosen = pass(cache, &point, counted, counted + bytes);

    cache->outside_at[side] = point.at;
    cache->outside_level[side] = point.level;
    *room = point.at - counted - bytes;
    return chosen;
}

void *
sample_tell_outside(void *ptr, size_t bytes, uint64_t rate)
{
    const struct pool_sample sample = {
        .buffer = ptr,
        .bytes = bytes,
        .class_bytes = bytes,
        .rate = rate,
        .tag = OUTSIDE,
    };

    if (likely(rate == 0) || ptr == NULL || sampler == NULL)
        return ptr;
    if (sampler->begin(&sample))
        __atomic_fetch_add(sample_place(ptr), 1, __ATOMIC_RELAXED);
    return ptr;
}

void
sample_end_likely(const void *ptr)
{
    if (sampler != NULL && sampler->end(ptr, 0) == OUTSIDE)
        __atomic_fetch_sub(sample_place(ptr), 1, __ATOMIC_RELAXED);
}
