/*
 * fast.h - the fast path over the thread cache (cache.h).
 *
 * Purpose   Serves malloc and free of the band while the stack of the bin has a
 *           slot, or room for one, and counts requests below the band, without
 *           a lock, an atomic operation or a call. The slow paths do everything
 *           else.
 * Order     A get counts, looks at the slot's state word and only then takes
 *           it; a put looks first and counts last. Comments below describe the
 *           state that a signal handler or its child finds in between.
 */
#ifndef MIDPOOL_POOL_FAST_H
#define MIDPOOL_POOL_FAST_H

#include "cache.h"
#include "serve.h"

/*
 * Takes a slot from the loaded magazine of the bin at offset. NULL: the caller
 * must take the slow path.
 */
static always_inline void *
cache_pop(struct cache *cache, unsigned offset, size_t bytes,
          enum cache_taken *taken)
{
    struct bin *bin = cache_bin(cache, offset);
    void **top = bin->top;
    void *slot;

    *taken = TAKEN_NOTHING;
    if (unlikely(top == bin->low))
        return NULL;
#if MIDPOOL_COUNTERS
    struct stats_block *block = cache_block(cache);
    struct stats_hot *hot = cache_hot(bin);

    int64_t step = RECENT_GET + (int64_t)bytes;

    /* Hides the sum, so that the addition is one instruction on memory. */
    __asm__("" : "+r"(step));
    COUNT_ADD(hot->recent, step);
    *taken = TAKEN_CREDIT;
    if (unlikely(hot->recent >= 0))
        return NULL;
    COUNT_ADD(block->headroom, -(int64_t)bin->slot_bytes);
    *taken = TAKEN_HEADROOM;
    if (unlikely(block->headroom < 0))
        return NULL;
#else
    (void)bytes;
#endif
    /* Read after the checks: before them it would need a saved register. */
    slot = top[-1];

    char *base = region_state_base();
    uintptr_t at = state_offset(slot);

    /*
     * If it is not state_freed, the slot is free in two places (cache.h), or
     * was never handed out.
     */
    if (unlikely(STATE_READ(state_at(base, &at)) != offset))
        return NULL;
#if MIDPOOL_COUNTERS
    /*
     * Hides the value of cache from the compiler, so that it recomputes the
     * block's address instead of keeping it in a register.
     */
    __asm__("" : "+r"(cache));
    block = cache_block(cache);
    COUNT_ADD(block->sizes[bytes / PAGE_SIZE_STEP_BYTES -
                           BAND_MIN_BYTES / PAGE_SIZE_STEP_BYTES],
              1);
#endif
    uint32_t mark = cache_mark_of(cache, slot);

    STATE_WRITE(state_at(base, &at), mark + STATE_MOVING);
    compiler_barrier(); /* for a handler in between: see cache_put_fast */
    bin->top = top - 1;
    compiler_barrier();
    STATE_WRITE(state_at(base, &at), mark);
    if (slot == NULL)
        __builtin_unreachable();
    return slot;
}

/* Requires size_in_band(bytes). NULL: take cache_get_slow. */
static always_inline void *
cache_get_fast(size_t bytes, enum cache_taken *taken)
{
    struct cache *cache = cache_self;
    unsigned offset =
        RECALLED(cache->bin_offset[((uint32_t)bytes - 1) >> SIZE_STEP_SHIFT]);

    return cache_pop(cache, offset, bytes, taken);
}

/*
 * Puts a slot whose slab serves the bin at offset (0: none). False: the caller
 * must call cache_put_slow. The stack is tested first, because a slab that
 * serves no bin may have no state words.
 */
static always_inline bool
cache_put_fast(void *slot, unsigned offset)
{
    struct cache *cache = cache_self;
    struct bin *bin = cache_bin(cache, offset);
    void **top = bin->top;

    if (unlikely(top == bin->limit))
        return false;

    uint32_t *state = region_state(slot);
    uint32_t mark = RECALLED(cache->match) |
                    ((uint32_t)(uintptr_t)slot & STATE_OFFSET_MASK);

    if (unlikely(STATE_READ(state) != mark))
        return false;
    /*
     * A signal handler may come in between. In a child that it forks, a slot
     * that is marked free would count as held by nobody. If the handler gets
     * the slot, STATE_MOVING shows that the slot was not put twice.
     */
    STATE_WRITE(state, mark + STATE_MOVING);
    compiler_barrier();
    *top = slot;
    bin->top = top + 1;
    compiler_barrier();
    STATE_WRITE(state, offset); /* state_freed */
#if MIDPOOL_COUNTERS
    COUNT_ADD(cache_hot(bin)->puts, 1);
    COUNT_ADD(cache_block(cache)->headroom, bin->slot_bytes);
#endif
    return true;
}

/* Requires bytes < BAND_MIN_BYTES. False: take cache_count_below_slow. */
static always_inline bool
cache_count_below(size_t bytes)
{
#if MIDPOOL_COUNTERS
    struct stats_block *block = cache_below;

    /* Keeps each update a single read-modify-write instruction. */
    __asm__("" : "+r"(block));
    COUNT_ADD(block->below_credit, -(int64_t)bytes);
    if (unlikely(block->below_credit < 0))
        return false;
    /* The bit width of bytes, without a special case for 0. */
    COUNT_ADD(
        block->fallback_calls[63u - (unsigned)__builtin_clzl(2 * bytes + 1)],
        1);
#else
    (void)bytes;
    if (unlikely(cache_self->state != CACHE_LIVE))
        return false;
#endif
    return true;
}

#endif
