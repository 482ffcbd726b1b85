/*
 * cache.h - the thread cache.
 *
 * Model     A thread holds a cache: per bin, the slots of a loaded magazine
 *           as a pointer stack, of which half goes to the depot when it is
 *           full, and a run of cold slots. Its counters are a statistics
 *           block that lies CACHE_TO_BLOCK bytes behind, so that no pointer
 *           to it is needed, and so that the counters alone can be a shared
 *           mapping. The TLS variable cache_self points to a thread's cache;
 *           before it has one to cache_empty and after its end to cache_dead.
 *           The stacks of these are empty and full at once: every call takes
 *           the slow path, and the fast path needs no test for them.
 *
 *   bin   base            low      top            limit
 *         |  slot  |  slot  |  slot  |   free    |
 *
 *           base <= low <= top <= limit, all into the loaded magazine.
 *           low   a pop at low takes the slow path: it sets a new peak of live
 *                 slots, or the stack is empty (low = base)
 *           limit a push at limit takes the slow path
 * Ownership The thread that holds the cache writes it. Exception: bin_offset
 *           and match are also written by a thread that recalls the cache.
 * Lines     A cache starts on a page; a bin is one cache line, and so are its
 *           counters. The fast path writes no line of another thread, except
 *           state words of slots that were exchanged.
 */
#ifndef MIDPOOL_POOL_CACHE_H
#define MIDPOOL_POOL_CACHE_H

#include "account.h"
#include "base.h"
#include "depot.h"
#include "page.h"
#include "region.h"
#include "size_class.h"

#ifndef MIDPOOL_COUNTERS
#define MIDPOOL_COUNTERS 1 /* 0: a build to measure the cost of counters */
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
    uint8_t sample_level;  /* doublings of the rate of sample_at */
    uint64_t activity;     /* gets + puts at the last trim */
    uint64_t sample_at;    /* requested bytes at the next sample (sample.h) */
};

enum cache_state {
    CACHE_EMPTY, /* the thread was not seen yet */
    CACHE_LIVE,
    CACHE_BUSY, /* an operation changes the thread's cache (cache_enter) */
    CACHE_DEAD, /* the thread ends */
};

/*
 * The first line reads as a bin whose stack is empty and full at once. The fast
 * path of a put uses it for a slab that serves no bin, and that of a get in
 * cache_empty and the like, whose bin_offset is all zero.
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
    /*
     * size_bin_offset: from here its address takes no instruction. All zero
     * sends the next get to the slow path, which publishes and restores the
     * table (cache_recall). Written by the thread, and by another one that
     * recalls it.
     */
    uint16_t bin_offset[SIZE_STEPS];
    struct bin bin[BINS];
    _Atomic uintptr_t owner;  /* lock_self() of the thread, 0: none */
    uint64_t reserve_bytes;   /* part of granted_bytes out of the reserve */
    uint32_t window;          /* decay window of the last trim */
    uint32_t slow_puts;       /* PUTS_PER_TICK of them make a tick */
    uint64_t random;          /* of sample.c; 0: not seeded */
    uint32_t samples;         /* of sample.c, since the rate's beginning */
    uint8_t outside_level[2]; /* as bin.sample_level, and */
    uint64_t outside_at[2];   /* as bin.sample_at: below and above the band */
    uint32_t given_bytes;     /* to depots, since the last look (idle.h) */
    int64_t look_ns;          /* when the thread last looked at the time */
    uint64_t guard_mean;      /* of guard.c: gets between guarded ones */
    int64_t guard_cpu_ns;     /* the thread's CPU time at the last one */
    uint64_t guard_at[BINS];  /* the number of the bin's next guarded get */
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

/*
 * The block in which the calling thread counts requests below the band: that of
 * cache_self if it is live. Otherwise it is CACHE_NO_BLOCK, whose credit is
 * always used up, so that every request takes the slow path.
 */
extern hidden __thread struct stats_block *cache_below
    __attribute__((tls_model("initial-exec")));

/*
 * The only existing field of CACHE_NO_BLOCK. It only falls, and never reaches
 * INT64_MIN.
 */
extern hidden int64_t cache_no_credit;
#define CACHE_NO_BLOCK                                                         \
    ((struct stats_block *)((char *)&cache_no_credit -                         \
                            offsetof(struct stats_block, below_credit)))

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

static always_inline struct bin *
cache_bin(struct cache *cache, unsigned offset)
{
    return (struct bin *)((char *)cache + offset);
}

/* CACHE_NO_BLOCK, without bounds that the compiler could know. */
static always_inline struct stats_block *
cache_no_block(void)
{
    uintptr_t credit = (uintptr_t)&cache_no_credit;

    __asm__("" : "+r"(credit));
    return (struct stats_block *)(credit -
                                  offsetof(struct stats_block, below_credit));
}

/* Sets the cache that the calling thread uses from now on. */
static always_inline void
cache_set_self(struct cache *cache)
{
    cache_below =
        cache->state == CACHE_LIVE ? cache_block(cache) : cache_no_block();
    compiler_barrier();
    cache_self = cache;
}

/*
 * The frame of the function that began the calling thread's operation, and its
 * return address at that time, beside what else is known of the thread. By
 * frame and address, recover.c distinguishes an operation
 * that a signal handler interrupted from one that the handler left by
 * siglongjmp.
 */
struct cache_operation {
    uintptr_t *frame;
    uintptr_t back;
    uint32_t purged; /* number of the slab that it purges, plus 1; 0: none */
    uint32_t ended;  /* the block that the ending thread had; 0: none */
};

extern hidden __thread struct cache_operation cache_operation
    __attribute__((tls_model("initial-exec")));

/*
 * Sets cache_self to cache_busy and notes the caller's frame: before and
 * after, because an operation of a signal handler may have come in between.
 */
static always_inline void
cache_note_operation(void)
{
    uintptr_t *frame = __builtin_frame_address(0);

    cache_operation.back = frame[1];
    compiler_barrier();
    cache_operation.frame = frame;
    compiler_barrier();
    cache_set_self(&cache_busy);
    compiler_barrier();
    cache_operation.back = frame[1];
    compiler_barrier();
    cache_operation.frame = frame;
    compiler_barrier();
}

/*
 * Begins an operation (fork.h) of a thread with or without a cache. Slow paths
 * hide the thread's cache while they change it, so that a signal handler finds
 * cache_busy. The fast path, like that of other allocators, does not: a handler
 * that interrupts it and allocates, which POSIX forbids, may corrupt the stack
 * of slots. A flag would cost eight instructions per pair of get and put.
 * Requires that no operation is under way: cache_self is not cache_busy.
 */
static always_inline void
cache_enter(void)
{
    pool_assert(cache_self != &cache_busy);
    cache_note_operation();
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

/*
 * Makes the magazine's slots the bin's stack. Callers give the bin's former
 * magazine away afterwards, never before. Then, wherever a jump ends the
 * operation, at most a slot or a magazine is lost, and none is in two places.
 */
static inline void
cache_load(struct bin *bin, struct magazine *magazine)
{
    unsigned room =
        magazine->rounds > bin->rounds ? magazine->rounds : bin->rounds;

    bin->base = magazine->slot;
    bin->top = magazine->slot + magazine->rounds;
    bin->limit = magazine->slot + room;
    compiler_barrier();
}

/* The state word of a slot that this thread's get hands out. */
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
 * The progress of a fast get before it gave up, which the slow path undoes
 * first. The fast path counts before it tests, because one instruction on
 * memory then does both.
 */
enum cache_taken { TAKEN_NOTHING, TAKEN_CREDIT, TAKEN_HEADROOM };

/*
 * True if a slot from a magazine of the bin is live as well, or in a slab. Two
 * threads that put one slot within the same nanoseconds, one of them on its
 * fast path, may both pass; the slot is then free in two places. The second get
 * of it finds out here, even if its slab went to another bin meanwhile.
 */
static inline bool
cache_is_misplaced(const void *slot, unsigned bin)
{
    return unlikely(state_is_misplaced(STATE_READ(region_state(slot)), bin));
}

/* Adds the thread's live counts to the shared ones. Requires cache_enter. */
void cache_publish(struct cache *cache);

/* Makes the next get of the cache's thread publish. Thread: any. */
static inline void
cache_recall(struct cache *cache)
{
    for (unsigned step = 0; step < SIZE_STEPS; step++)
        __atomic_store_n(&cache->bin_offset[step], 0, __ATOMIC_RELEASE);
}

/* Like cache_recall; the thread's next put is slow as well. Thread: any. */
static inline void
cache_recall_all(struct cache *cache)
{
    __atomic_store_n(&cache->match, UINT32_MAX, __ATOMIC_RELAXED);
    cache_recall(cache);
}

/* Was the cache recalled? The last entry is written last. */
static inline bool
cache_is_recalled(const struct cache *cache)
{
    return __atomic_load_n(&cache->bin_offset[SIZE_STEPS - 1],
                           __ATOMIC_ACQUIRE) == 0;
}

/*
 * The offset of a bin for cache_pop, for callers that do not read bin_offset.
 * While the cache is recalled it is 0, the first line, which has no slot.
 */
static inline unsigned
cache_offset(const struct cache *cache, unsigned bin)
{
    return unlikely(cache_is_recalled(cache)) ? 0 : bin_offset(bin);
}

/* Moves all of a thread's idle slots to the depot. Requires cache_enter. */
void cache_flush(struct cache *cache);

/*
 * Once per decay window: gives back the slots of bins that were idle since the
 * last trim. Requires cache_enter.
 */
void cache_trim(struct cache *cache);

/* Recomputes low of a bin after its stack or its counters changed. */
void cache_set_low(struct cache *cache, unsigned bin);

#endif
