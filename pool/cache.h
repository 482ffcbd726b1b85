/*
 * cache.h - the thread cache, and the fast path over it.
 *
 * Model     A thread holds a cache: per bin, the slots of a loaded magazine
 *           as a pointer stack, a previous magazine that is full or empty,
 *           and a run of cold slots. Its counters are a statistics block that
 *           lies CACHE_TO_BLOCK bytes behind, so that no pointer to it is
 *           needed, and so that the counters alone can be a shared mapping.
 *           A thread's only TLS variable points to its cache; at first to
 *           cache_empty and after its end to cache_dead, whose stacks are
 *           empty and full at once: every call takes the slow path, and the
 *           fast path needs no test for them.
 *
 *   bin   base            low      top            limit
 *         |  slot  |  slot  |  slot  |   free    |
 *
 *           base <= low <= top <= limit, all into the loaded magazine.
 *           low   popping at it sets a new peak of live slots, or finds the
 *                 stack empty (base): slow path
 *           limit pushing at it: slow path
 * Ownership All of it has one writer: the thread that holds the cache. A
 *           signal handler on that thread finds busy set if it interrupted
 *           an operation, and keeps off the stacks then.
 * Lines     A cache starts on a page, a bin is one line, and so are its
 *           counters: the fast path writes no line of another thread, other
 *           than the state words of slots that were exchanged.
 */
#ifndef MIDPOOL_POOL_CACHE_H
#define MIDPOOL_POOL_CACHE_H

#include "base.h"
#include "depot.h"
#include "page.h"
#include "region.h"
#include "size_class.h"

#ifndef MIDPOOL_COUNTERS
#define MIDPOOL_COUNTERS 1 /* 0: a build to measure their cost against */
#endif

struct bin {
    void **top;
    void **low;
    void **limit;
    void **base;
    struct magazine *previous; /* rounds 0 or full; NULL: none */
    struct magazine *cold;     /* rounds - taken slots left; NULL: none */
    uint32_t slot_bytes;       /* as bin_info, here for locality */
    uint8_t shift;
    uint8_t early_puts; /* puts before the bin got a magazine */
    uint16_t rounds;    /* capacity granted for the loaded magazine */
    uint64_t activity;  /* gets + puts at the last trim */
};

enum cache_state { CACHE_EMPTY = 0, CACHE_LIVE = 1, CACHE_DEAD = 2 };

struct cache {
    uint32_t tag;   /* of slots handed out: block and epoch, << 16 */
    uint32_t match; /* tag that a fast put expects; none in checking modes */
    uint32_t busy;  /* an operation is under way on this thread */
    uint32_t state; /* enum cache_state */
    uint32_t index; /* of the block */
    uint32_t interval;        /* gets between ticks */
    _Atomic uint32_t next;    /* free list, by index */
    uint32_t window;          /* decay window of the last trim */
    int64_t tick_ns;          /* time of the last tick */
    uint64_t granted_bytes;   /* capacity of all bins */
    uint64_t reserved[2];
    struct bin bin[BINS];
};

_Static_assert(sizeof(struct bin) == BIN_LINE_BYTES, "a bin is a line");
_Static_assert(offsetof(struct cache, bin) == BIN_LINE_BYTES,
               "bin_offset() agrees");
_Static_assert(sizeof(struct cache) <= PAGE_BLOCK_BYTES, "a cache is a block");

/* Caches and blocks have the same number and the same stride. */
#define CACHE_TO_BLOCK ((uintptr_t)PAGE_BLOCKS * PAGE_BLOCK_BYTES)

extern hidden __thread struct cache *cache_self
    __attribute__((tls_model("initial-exec")));
extern hidden struct cache cache_empty;
extern hidden struct cache cache_dead;

/* Requires a live cache. */
static always_inline struct stats_block *
cache_block(const struct cache *cache)
{
    return (struct stats_block *)((uintptr_t)cache + CACHE_TO_BLOCK);
}

static always_inline struct stats_hot *
cache_hot(const struct bin *bin)
{
    return (struct stats_hot *)((uintptr_t)bin + CACHE_TO_BLOCK -
                                BIN_LINE_BYTES);
}

static always_inline struct bin *
cache_bin(struct cache *cache, unsigned offset)
{
    return (struct bin *)((char *)cache + offset);
}

/* Marks an operation; false when one was interrupted. */
static always_inline bool
cache_enter(struct cache *cache)
{
    if (unlikely(cache->busy))
        return false;
    cache->busy = 1;
    compiler_barrier();
    return true;
}

static always_inline void
cache_leave(struct cache *cache)
{
    compiler_barrier();
    cache->busy = 0;
}

static always_inline void
cache_mark(const struct cache *cache, const struct bin *bin, void *ptr)
{
    uint32_t low = (uint32_t)(uintptr_t)ptr & STATE_OFFSET_MASK;

    *region_state(region_number(ptr), ptr, bin->shift) = cache->tag | low;
}

/* A slot off the loaded magazine, or NULL: take the slow path. */
static always_inline void *
cache_pop(struct cache *cache, struct bin *bin, size_t bytes)
{
    if (unlikely(!cache_enter(cache)))
        return NULL;

    void **top = bin->top;

    if (unlikely(top == bin->low))
        goto slow;
#if MIDPOOL_COUNTERS
    struct stats_block *block = cache_block(cache);
    struct stats_hot *hot = cache_hot(bin);
    uint64_t credit = hot->credit;
    int64_t headroom = block->headroom - bin->slot_bytes;

    if (unlikely(credit <= bytes || headroom < 0))
        goto slow;
    hot->credit = credit - bytes;
    hot->gets++;
    block->headroom = headroom;
    block->sizes[(bytes - BAND_MIN_BYTES) / PAGE_SIZE_STEP_BYTES]++;
#else
    (void)bytes;
#endif

    void *ptr = top[-1];

    bin->top = top - 1;
    cache_mark(cache, bin, ptr);
    cache_leave(cache);
    return ptr;
slow:
    cache_leave(cache);
    return NULL;
}

/* Requires size_in_band(bytes). NULL: take cache_get_slow. */
static always_inline void *
cache_get_fast(size_t bytes)
{
    struct cache *cache = cache_self;
    unsigned offset = size_bin_offset[(bytes - 1) >> SIZE_STEP_SHIFT];

    return cache_pop(cache, cache_bin(cache, offset), bytes);
}

/*
 * Puts a slot whose slab serves the bin at offset. False: take
 * cache_put_slow, which finds out why.
 */
static always_inline bool
cache_put_fast(void *ptr, uintptr_t number, unsigned offset)
{
    struct cache *cache = cache_self;
    struct bin *bin = cache_bin(cache, offset);

    if (unlikely(!cache_enter(cache)))
        return false;

    void **top = bin->top;

    if (unlikely(top == bin->limit))
        goto slow;

    uint32_t *state = region_state(number, ptr, bin->shift);
    uint32_t low = (uint32_t)(uintptr_t)ptr & STATE_OFFSET_MASK;

    if (unlikely(*state != (cache->match | low)))
        goto slow;
    *state = STATE_FREED;
    *top = ptr;
    bin->top = top + 1;
#if MIDPOOL_COUNTERS
    cache_hot(bin)->puts++;
    cache_block(cache)->headroom += bin->slot_bytes;
#endif
    cache_leave(cache);
    return true;
slow:
    cache_leave(cache);
    return false;
}

/* What a get was, beyond its size. */
enum cache_get_kind { CACHE_GET_PLAIN, CACHE_GET_CALLOC, CACHE_GET_ALIGNED };

/*
 * Gets a slot of the bin by any means: other magazine, depot, slabs. NULL
 * when there is no memory, or none to be had in a signal handler; errno is
 * kept. *zero (may be NULL) tells that the slot reads as zero.
 */
void *cache_get_slow(unsigned bin, size_t bytes, bool *zero);

/* What a put came to. */
enum cache_put_result {
    CACHE_PUT_DONE,
    CACHE_PUT_MISUSED, /* reported, and nothing changed */
    CACHE_PUT_FOREIGN, /* not the pool's pointer */
};

/* Puts a slot by any means. Keeps errno. */
enum cache_put_result cache_put_slow(void *ptr);

enum { CACHE_BIN_FOREIGN = -1, CACHE_BIN_MISUSED = -2 };

/*
 * The bin of a slot that is handed out; CACHE_BIN_FOREIGN for what is not the
 * pool's; CACHE_BIN_MISUSED, reported, for what is not handed out.
 */
int cache_slot_bin(const void *ptr);

/* Counts one more calloc, aligned get or realloc for the bin. */
enum cache_note { NOTE_CALLOC, NOTE_ALIGNED, NOTE_IN_PLACE, NOTE_MOVED,
                  NOTE_BYPASS };
void cache_note(unsigned bin, enum cache_note note);

/* Counts a request outside the band that goes to the fallback. */
void cache_count_slow(size_t bytes);

static always_inline unsigned
cache_width(size_t bytes)
{
    return bytes == 0 ? 0 : 64 - (unsigned)__builtin_clzl(bytes);
}

/* Requires bytes < BAND_MIN_BYTES. False: take cache_count_slow. */
static always_inline bool
cache_count_below(size_t bytes)
{
    struct cache *cache = cache_self;

    if (unlikely(cache->state != CACHE_LIVE))
        return false;
#if MIDPOOL_COUNTERS
    struct stats_block *block = cache_block(cache);
    uint64_t credit = block->below_credit;

    if (unlikely(credit <= bytes))
        return false;
    block->below_credit = credit - bytes;
    block->fallback_calls[cache_width(bytes)]++;
#else
    (void)bytes;
#endif
    return true;
}

/* Moves all of a thread's idle slots to the depot. Requires busy. */
void cache_flush(struct cache *cache);

/* Gives back what bins hold that were idle since the last call. */
void cache_trim(struct cache *cache, uint32_t window);

/* Recomputes low of a bin after its stack or its counters changed. */
void cache_set_low(struct cache *cache, unsigned bin);

#endif
