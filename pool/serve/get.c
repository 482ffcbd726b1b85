/*
 * get.c - the slow path of a get: ticks, peaks, refills, counting.
 */
#include "account.h"
#include "block.h"
#include "cache.h"
#include "check.h"
#include "guard.h"
#include "operation.h"
#include "os.h"
#include "refill.h"
#include "sample.h"
#include "serve.h"
#include "settings.h"
#include "slab.h"
#include "thread.h"

/* mmap gives no addresses above, unless it is asked for them. */
#define ADDRESS_SPACE_BYTES ((size_t)1 << 48)

/* Fallback bytes between ticks, for each get of the cache's interval. */
enum { BELOW_GRANT_BYTES = 1024 };

/* Grants new credit. Returns the get's rate if it is a sample, otherwise 0. */
static uint64_t
grant(struct cache *cache, unsigned index, size_t bytes)
{
    /* This get, those until the next tick, and the one that makes the tick. */
    unsigned left = settings.slow_gets ? 1 : 1 + cache->interval + 1;
    uint64_t chosen = 0;

    pool_assert(1 + cache->interval + 1 <= RECENT_LEFT_MAX);
    if (sample_is_on())
        chosen = sample_choose(cache, index, bytes, &left);
    if (guard_is_on())
        left = guard_bound(cache, index, left);
    recent_fold(cache_block(cache), index, left);
    return chosen;
}

/* The rate of the sample that it is, or 0. */
static uint64_t
count_get(struct cache *cache, unsigned index, size_t bytes)
{
    struct stats_block *block = cache_block(cache);
    struct stats_hot *hot = &block->hot[index];
    uint32_t slot_bytes = bin_info[index].slot_bytes;
    uint64_t chosen = 0;

    if (recent_is_spent(hot, bytes))
        chosen = grant(cache, index, bytes);
    COUNT_ADD(hot->recent, RECENT_GET + (int64_t)bytes);
    COUNT_ADD(block->sizes[(bytes - BAND_MIN_BYTES) / PAGE_SIZE_STEP_BYTES], 1);
    if (account_live_more(block, slot_bytes) && account_alone())
        __atomic_store_n(&account_page->peak_monotonic_ns, os_now_ns(),
                         __ATOMIC_RELAXED);

    int64_t live = account_share(block, index);

    if (live > block->cold[index].peak)
        block->cold[index].peak = live;
    return chosen;
}

static void
count_source(struct stats_block *block, unsigned index,
             enum refill_source source)
{
    if (source == REFILL_DEPOT)
        COUNT_ADD(block->hot[index].depot_hits, 1);
    else if (source == REFILL_COLD)
        COUNT_ADD(block->hot[index].misses, 1);
}

/* Does take_idle's work for threads without a cache. Requires slab_lock. */
static struct refill
take_idle_shared(unsigned bin)
{
    struct refill refill = refill_shared(bin);

    while (refill.source != REFILL_NONE &&
           cache_is_misplaced(refill.slot, bin)) {
        check_found(account_shared(), bin, refill.slot);
        refill = refill_shared(bin);
    }
    return refill;
}

/* The result of a slow get. */
struct got {
    void *slot;
    size_t damage; /* offset of a byte that was written to since the last put */
    bool zero;
    uint64_t rate; /* of the sample that it is; 0: it is none */
    bool missed;
    bool guarded;
};

/* A get without a cache: block and tag are shared, under the slab lock. */
static struct got
get_shared(unsigned bin, size_t bytes)
{
    struct got got = {.damage = CHECK_INTACT};
    struct cache *self = cache_self;
    struct cache *cache;
    struct refill refill;

    if (!settings.active || fork_is_pending() || lock_held_by_self(&slab_lock))
        return got;
    cache_enter();
    if (!lock_acquire_soon(&slab_lock)) {
        cache_leave(self);
        return got;
    }
    refill = take_idle_shared(bin);
    if (refill.source != REFILL_NONE && !lock_held_by_self(&slab_lock))
        refill = (struct refill){REFILL_NONE, false, NULL};
    if (refill.source != REFILL_NONE) {
        cache = cache_at(BLOCK_SHARED);
        got.rate = count_get(cache, bin, bytes);
        count_source(cache_block(cache), bin, refill.source);
        cache->tag = block_tag(BLOCK_SHARED);
        cache_mark(cache, refill.slot);
        account_publish(cache_block(cache));
    }
    lock_release(&slab_lock);
    cache_leave(self);
    got.slot = refill.slot;
    got.zero = refill.zero;
    got.missed = refill.source == REFILL_COLD;
    return got;
}

static struct refill
pop_or_refill(struct cache *cache, unsigned index)
{
    struct bin *bin = &cache->bin[index];

    if (bin->top > bin->base)
        return (struct refill){REFILL_CACHE, false, *--bin->top};
    return refill_cache(cache, index);
}

/* The next slot that is free in one place only. */
static struct refill
take_idle(struct cache *cache, unsigned index)
{
    struct refill refill = pop_or_refill(cache, index);

    while (refill.source != REFILL_NONE &&
           cache_is_misplaced(refill.slot, index)) {
        check_found(cache_block(cache), index, refill.slot);
        refill = pop_or_refill(cache, index);
    }
    return refill;
}

/* The request of a get. */
struct wish {
    unsigned bin;
    size_t align;
    size_t bytes;
};

/* A guarded buffer counts as a miss, because its memory is new. */
static struct refill
take_guarded(struct cache *cache, const struct wish *wish)
{
    struct refill refill = {REFILL_NONE, false, NULL};

    if (!guard_choose(cache, wish->bin))
        return refill;
    refill.slot = guard_take(wish->bin, wish->align, wish->bytes);
    if (refill.slot != NULL) {
        refill.source = REFILL_COLD;
        refill.zero = true;
    }
    return refill;
}

static void
mark(const struct cache *cache, struct got *got)
{
    if (likely(!guard_owns(got->slot))) {
        cache_mark(cache, got->slot);
        return;
    }
    got->guarded = true;
    __atomic_store_n(guard_word(got->slot), cache_mark_of(cache, got->slot),
                     __ATOMIC_RELEASE);
}

static struct got
get_cached(struct cache *cache, const struct wish *wish)
{
    struct stats_block *block = cache_block(cache);
    struct got got = {.damage = CHECK_INTACT};
    struct refill refill = {REFILL_NONE, false, NULL};
    unsigned index = wish->bin;
    size_t bytes = wish->bytes;

    block_notice(cache);
    if (unlikely(account_has_company(block)))
        cache_publish(cache);
    if (recent_is_spent(&block->hot[index], bytes)) {
        cache_tick(cache);
        if (guard_is_on())
            refill = take_guarded(cache, wish);
    }
    if (refill.source == REFILL_NONE)
        refill = take_idle(cache, index);
    got.slot = refill.slot;
    if (refill.source != REFILL_NONE) {
        /* Cold memory lost the pattern when it was returned. */
        if (unlikely(settings.slow_gets) && refill.source != REFILL_COLD)
            got.damage = check_reuse(refill.slot, index);
        got.rate = count_get(cache, index, bytes);
        count_source(block, index, refill.source);
        mark(cache, &got);
    }
    cache_set_low(cache, index);
    got.zero = refill.zero;
    got.missed = refill.source == REFILL_COLD;
    return got;
}

static void
tell_sample(const struct got *got, const struct wish *wish)
{
    const struct pool_sample sample = {
        .buffer = got->slot,
        .bytes = wish->bytes,
        .class_bytes = bin_info[wish->bin].slot_bytes,
        .rate = got->rate,
        .missed = got->missed,
    };

    sample_tell(&sample);
}

/* Takes back the counts of a fast get that gave up. */
static void
give_back(struct cache *cache, unsigned index, size_t bytes,
          enum cache_taken taken)
{
    struct stats_block *block = cache_block(cache);

    if (taken >= TAKEN_CREDIT)
        COUNT_ADD(block->hot[index].recent, -(RECENT_GET + (int64_t)bytes));
    if (taken >= TAKEN_HEADROOM)
        COUNT_ADD(block->headroom, bin_info[index].slot_bytes);
}

noinline void *
cache_get_slow_aligned(unsigned bin, size_t align, size_t bytes,
                       enum cache_taken taken, bool *zero)
{
    const struct wish wish = {bin, align, bytes};
    struct cache *cache;
    struct got got;

    if (!settings.active)
        return NULL;
    cache = thread_cache();
    if (cache == NULL && cache_self == &cache_busy)
        return NULL;
    if (cache == NULL) {
        got = get_shared(bin, bytes);
    } else {
        cache_enter();
        give_back(cache, bin, bytes, taken);
        got = get_cached(cache, &wish);
        cache_leave(cache);
    }
    if (unlikely(got.damage != CHECK_INTACT))
        check_tell_damage(got.slot, bin, got.damage);
    if (unlikely(got.guarded))
        guard_tell(got.slot);
    if (unlikely(got.rate != 0) && got.slot != NULL)
        tell_sample(&got, &wish);
    *zero = got.zero;
    return got.slot;
}

void *
cache_get_slow(unsigned bin, size_t bytes, enum cache_taken taken, bool *zero)
{
    return cache_get_slow_aligned(bin, 1, bytes, taken, zero);
}

/*
 * Grants credit below the band, never beyond the next sample. Returns the rate
 * if this request is a sample, otherwise 0.
 */
static uint64_t
choose_below(struct cache *cache, size_t bytes, uint64_t usual)
{
    struct stats_block *block = cache_block(cache);
    uint64_t counted = block->below_granted - (uint64_t)block->below_credit;
    uint64_t room;
    uint64_t chosen =
        sample_choose_outside(cache, SAMPLE_BELOW, counted, bytes, &room);
    uint64_t wanted = bytes + (room < usual ? room : usual);
    uint64_t more = wanted - (uint64_t)block->below_credit;

    COUNT_ADD(block->below_granted, more);
    COUNT_ADD(block->below_credit, (int64_t)more);
    return chosen;
}

static uint64_t
count_above(struct cache *cache, size_t bytes)
{
    struct stats_block *block = cache_block(cache);
    uint64_t counted = block->above_bytes;
    uint64_t room;

    COUNT_ADD(block->above_bytes, bytes);
    return sample_is_for_all() ? sample_choose_outside(cache, SAMPLE_ABOVE,
                                                       counted, bytes, &room)
                               : 0;
}

/* The rate of the sample that it is, or 0. */
static uint64_t
count_fallback(struct cache *cache, size_t bytes)
{
    struct stats_block *block = cache_block(cache);
    uint32_t grant = cache->interval * BELOW_GRANT_BYTES + BAND_MIN_BYTES;
    uint64_t chosen = 0;

    COUNT_ADD(block->fallback_calls[cache_width(bytes)], 1);
    if (bytes > BAND_MAX_BYTES)
        return count_above(cache, bytes);
    if (sample_is_for_all()) {
        chosen = choose_below(cache, bytes, grant);
    } else if (block->below_credit < (int64_t)bytes) {
        COUNT_ADD(block->below_granted, grant);
        COUNT_ADD(block->below_credit, grant);
    }
    COUNT_ADD(block->below_credit, -(int64_t)bytes);
    return chosen;
}

/* A block that several threads count in. */
static void
count_fallback_shared(struct stats_block *block, size_t bytes)
{
    __atomic_fetch_add(&block->fallback_calls[cache_width(bytes)], 1,
                       __ATOMIC_RELAXED);
    if (bytes > BAND_MAX_BYTES)
        __atomic_fetch_add(&block->above_bytes, bytes, __ATOMIC_RELAXED);
    else
        __atomic_fetch_add(&block->below_granted, bytes, __ATOMIC_RELAXED);
}

noinline uint64_t
cache_count_slow(size_t bytes)
{
    struct cache *cache = settings.active ? thread_cache() : NULL;

    /* Such sizes are never served, and a few would make the sum wrap. */
    if (bytes >= ADDRESS_SPACE_BYTES)
        return 0;
    if (cache == NULL) {
        count_fallback_shared(account_shared(), bytes);
        return 0;
    }
    if (bytes < BAND_MIN_BYTES) {
        cache_enter();
        cache_tick(cache);
        cache_leave(cache);
    }
    return count_fallback(cache, bytes);
}

/* The fast path subtracted from a block's credit before it tested it. */
uint64_t
cache_count_below_slow(size_t bytes)
{
    if (MIDPOOL_COUNTERS && cache_below != cache_no_block())
        COUNT_ADD(cache_below->below_credit, (int64_t)bytes);
    return cache_count_slow(bytes);
}
