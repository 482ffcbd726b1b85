/*
 * cache.h - the thread cache, and the fast path over it.
 *
 * Model     A thread holds a cache: per bin, the slots of a loaded magazine
 *           as a pointer stack, of which half goes to the depot when it is
 *           full, and a run of cold slots. Its counters are a statistics
 *           block that lies CACHE_TO_BLOCK bytes behind, so that no pointer
 *           to it is needed, and so that the counters alone can be a shared
 *           mapping. The TLS variable cache_self points to a thread's cache;
 *           at first to cache_empty and after its end to cache_dead, whose
 *           stacks are empty and full at once: every call takes the slow
 *           path, and the fast path needs no test for them.
 *
 *   bin   base            low      top            limit
 *         |  slot  |  slot  |  slot  |   free    |
 *
 *           base <= low <= top <= limit, all into the loaded magazine.
 *           low   popping at it sets a new peak of live slots, or finds the
 *                 stack empty (base): slow path
 *           limit pushing at it: slow path
 * Ownership All of it has one writer: the thread that holds the cache.
 * Lines     A cache starts on a page, a bin is one line, and so are its
 *           counters: the fast path writes no line of another thread, other
 *           than the state words of slots that were exchanged.
 */
#ifndef MIDPOOL_POOL_CACHE_H
#define MIDPOOL_POOL_CACHE_H

#include "base.h"
#include "check.h"
#include "depot.h"
#include "fork.h"
#include "page.h"
#include "recent.h"
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
    struct magazine *cold; /* rounds - taken slots left; NULL: none */
    uint32_t slot_bytes;   /* as bin_info, here for locality */
    uint16_t rounds;       /* capacity granted for the loaded magazine */
    uint8_t early_puts;    /* puts before the bin got a magazine */
    uint64_t activity;     /* gets + puts at the last trim */
    uint64_t reserved;
};

enum cache_state {
    CACHE_EMPTY, /* the thread was not seen yet */
    CACHE_LIVE,
    CACHE_BUSY, /* the thread's own is being changed: we are in a handler */
    CACHE_DEAD, /* the thread ends */
};

/*
 * The first line reads as a bin whose stack is empty and full at once: that is
 * what the fast path of a put finds for a slab that serves no bin, and that of
 * a get in cache_empty and the like, whose bin_offset is all zero.
 */
struct cache {
    void **no_top;
    void **no_low;
    void **no_limit;
    uint32_t tag;      /* of slots handed out: block and epoch, << 16 */
    uint32_t match;    /* tag that a fast put expects; none in checking modes */
    uint32_t state;    /* enum cache_state */
    uint32_t index;    /* of the block */
    uint32_t interval; /* gets between ticks */
    _Atomic uint32_t next;  /* free list, by index */
    int64_t tick_ns;        /* time of the last tick */
    uint64_t granted_bytes; /* capacity of all bins */
    /* size_bin_offset: from here its address takes no instruction. */
    uint16_t bin_offset[SIZE_STEPS];
    struct bin bin[BINS];
    _Atomic uintptr_t owner; /* lock_self() of the thread, 0: none */
    uint64_t reserve_bytes;  /* of granted_bytes, those out of the reserve */
    uint32_t window;         /* decay window of the last trim */
    uint32_t slow_puts;      /* every so many make a tick */
};

_Static_assert(sizeof(struct bin) == BIN_LINE_BYTES, "a bin is a line");
_Static_assert(offsetof(struct cache, bin) == BIN_FIRST_OFFSET,
               "bin_offset() agrees");
_Static_assert(sizeof(struct cache) <= PAGE_BLOCK_BYTES, "a cache is a block");
_Static_assert(offsetof(struct cache, no_top) == offsetof(struct bin, top) &&
                   offsetof(struct cache, no_low) ==
                       offsetof(struct bin, low) &&
                   offsetof(struct cache, no_limit) ==
                       offsetof(struct bin, limit),
               "the first line reads as a bin");

/* Caches and blocks have the same number and the same stride. */
#define CACHE_TO_BLOCK ((uintptr_t)PAGE_BLOCKS * PAGE_BLOCK_BYTES)

extern hidden __thread struct cache *cache_self
    __attribute__((tls_model("initial-exec")));
extern hidden struct cache cache_empty;
extern hidden struct cache cache_dead;
extern hidden struct cache cache_busy;

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
                                BIN_FIRST_OFFSET);
}

/* The slots that the block's thread got less those it put: may be negative. */
static inline int64_t
cache_live(const struct stats_block *block, unsigned bin)
{
    const struct stats_hot *hot = &block->hot[bin];

    return (int64_t)(recent_gets(hot) - hot->puts);
}

static always_inline struct bin *
cache_bin(struct cache *cache, unsigned offset)
{
    return (struct bin *)((char *)cache + offset);
}

/*
 * Begins an operation (fork.h), of a thread with or without a cache. Slow
 * paths take the thread's cache out of sight while they change it, so that a
 * signal handler finds cache_busy. The fast path does without, as that of
 * other allocators: a handler that interrupted it and allocates itself may
 * corrupt the stack, which POSIX forbids it to do. A flag would cost eight
 * instructions a pair.
 * Requires that none is under way: cache_self is not cache_busy.
 */
static inline void
cache_enter(void)
{
    pool_assert(cache_self != &cache_busy);
    cache_self = &cache_busy;
    compiler_barrier();
}

/* Ends it, with what cache_self is to be from now on. */
static inline void
cache_leave(struct cache *cache)
{
    compiler_barrier();
    cache_self = cache;
    compiler_barrier();
    if (unlikely(fork_is_pending()))
        fork_finish();
    if (unlikely(check_has_found()))
        check_tell();
}

/* The magazine whose slots are the bin's stack, or NULL. */
static inline struct magazine *
cache_loaded(const struct bin *bin)
{
    if (bin->base == NULL)
        return NULL;
    return (struct magazine *)((char *)bin->base -
                               offsetof(struct magazine, slot));
}

/* What a slot's state word holds while the program has it. */
static always_inline uint32_t
cache_mark_of(const struct cache *cache, const void *slot)
{
    return cache->tag | ((uint32_t)(uintptr_t)slot & STATE_OFFSET_MASK);
}

static always_inline void
cache_mark(const struct cache *cache, void *slot)
{
    STATE_WRITE(region_state(slot), cache_mark_of(cache, slot));
}

/*
 * How far a fast get came before it had to give up: what the slow path takes
 * back first. The fast path counts before it looks, because that is one
 * instruction on memory.
 */
enum cache_taken { TAKEN_NOTHING, TAKEN_CREDIT, TAKEN_HEADROOM };

/*
 * Is a slot off a magazine of the bin with the program as well, or in a slab?
 * Two threads that put it in the same nanoseconds, one of them on its fast
 * path, may both get through; then it is idle in two places, and whoever is
 * second to take it out finds it astray, even if its slab went to another bin
 * meanwhile.
 */
static inline bool
cache_is_astray(const void *slot, unsigned bin)
{
    return unlikely(state_is_astray(STATE_READ(region_state(slot)), bin));
}

/*
 * A slot off the loaded magazine of the bin at offset, or NULL: take the slow
 * path.
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

    hot->recent += RECENT_GET + (int64_t)bytes;
    *taken = TAKEN_CREDIT;
    if (unlikely(hot->recent >= 0))
        return NULL;
    block->headroom -= bin->slot_bytes;
    *taken = TAKEN_HEADROOM;
    if (unlikely(block->headroom < 0))
        return NULL;
#else
    (void)bytes;
#endif
    /* Before the checks above it would take a register that must be saved. */
    slot = top[-1];

    uint32_t *state = region_state(slot);

    /* Other than state_freed: astray (see above), or never handed out. */
    if (unlikely(STATE_READ(state) != offset))
        return NULL;
#if MIDPOOL_COUNTERS
    /* A cache that may be another one: its block gets no register. */
    __asm__("" : "+r"(cache));
    block = cache_block(cache);
    block->sizes[(bytes - BAND_MIN_BYTES) / PAGE_SIZE_STEP_BYTES]++;
#endif
    uint32_t mark = cache_mark_of(cache, slot);

    STATE_WRITE(state, mark + STATE_MOVING);
    compiler_barrier(); /* for a handler in between: see cache_put_fast */
    bin->top = top - 1;
    compiler_barrier();
    STATE_WRITE(state, mark);
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
        cache->bin_offset[((uint32_t)bytes - 1) >> SIZE_STEP_SHIFT];

    return cache_pop(cache, offset, bytes, taken);
}

/*
 * Puts a slot whose slab serves the bin at offset (0: none). False: take
 * cache_put_slow, which finds out why. The stack is looked at first: a slab
 * that serves no bin may have no state words.
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
    uint32_t mark =
        cache->match | ((uint32_t)(uintptr_t)slot & STATE_OFFSET_MASK);

    if (unlikely(STATE_READ(state) != mark))
        return false;
    /*
     * A signal handler may come in between. A child that it forks takes a slot
     * that is marked free for one that nobody holds; and when the handler
     * itself gets a slot it tells one that is on its way from one put twice.
     */
    STATE_WRITE(state, mark + STATE_MOVING);
    compiler_barrier();
    *top = slot;
    bin->top = top + 1;
    compiler_barrier();
    STATE_WRITE(state, offset); /* state_freed */
#if MIDPOOL_COUNTERS
    cache_hot(bin)->puts++;
    cache_block(cache)->headroom += bin->slot_bytes;
#endif
    return true;
}

/*
 * Gets a slot of the bin by any means: other magazine, depot, slabs. NULL
 * when there is no memory, or none to be had in a signal handler; errno is
 * kept. *zero tells that the slot reads as zero. taken is what a fast get of
 * the same request left.
 */
void *cache_get_slow(unsigned bin, size_t bytes, enum cache_taken taken,
                     bool *zero);

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

/* Counts a request outside the band that goes to the fallback. */
void cache_count_slow(size_t bytes);

/* The same after cache_count_below failed. */
void cache_count_below_slow(size_t bytes);

static always_inline unsigned
cache_width(size_t bytes)
{
    return bytes == 0 ? 0 : 64 - (unsigned)__builtin_clzl(bytes);
}

/* Requires bytes < BAND_MIN_BYTES. False: take cache_count_below_slow. */
static always_inline bool
cache_count_below(size_t bytes)
{
    struct cache *cache = cache_self;

    if (unlikely(cache->state != CACHE_LIVE))
        return false;
#if MIDPOOL_COUNTERS
    struct stats_block *block = cache_block(cache);

    /*
     * Known by its address alone: the compiler would else take a load and a
     * store for one instruction on memory.
     */
    __asm__("" : "+r"(block));
    block->below_credit -= (int64_t)bytes;
    if (unlikely(block->below_credit < 0))
        return false;
    /* The bit width of bytes, without a special case for 0. */
    block->fallback_calls[63u - (unsigned)__builtin_clzl(2 * bytes + 1)]++;
#else
    (void)bytes;
#endif
    return true;
}

/*
 * Looks at the clock and, if it is time, publishes counts, returns memory,
 * gives idle bins back. Requires cache_enter.
 */
void cache_tick(struct cache *cache);

/* Adds the thread's live counts to the shared ones. Requires cache_enter. */
void cache_publish(struct cache *cache);

/* Moves all of a thread's idle slots to the depot. Requires cache_enter. */
void cache_flush(struct cache *cache);

/* Gives back what bins hold that were idle since the last call. */
void cache_trim(struct cache *cache, uint32_t window);

/* Recomputes low of a bin after its stack or its counters changed. */
void cache_set_low(struct cache *cache, unsigned bin);

#endif
