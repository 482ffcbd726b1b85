/*
 * put.c - the slow path of a put: checks, other threads' slots,
 * growing and exchanging magazines.
 */
#include "account.h"
#include "block.h"
#include "bound.h"
#include "cache.h"
#include "cache_budget.h"
#include "check.h"
#include "guard.h"
#include "idle.h"
#include "operation.h"
#include "sample.h"
#include "serve.h"
#include "settings.h"
#include "slab.h"
#include "thread.h"

enum {
    EARLY_PUTS = 2,     /* a bin put to less often gets no magazine */
    FIRST_ROUNDS = 4,   /* a first magazine's capacity, then doubled */
    PUTS_PER_TICK = 64, /* slow ones: a thread may only ever free */
};

/* False: the lock can not be had. */
static bool
put_slab(unsigned bin, void *slot)
{
    if (lock_held_by_self(&slab_lock) || !lock_acquire_soon(&slab_lock))
        return false;
    check_put_slab(bin, slot, false);
    lock_release(&slab_lock);
    return true;
}

static bool
put_depot(unsigned bin, void *slot)
{
    struct magazine *magazine = magazine_new();

    if (magazine == NULL)
        return false;
    magazine->slot[0] = slot;
    magazine->rounds = 1;
    depot_push(bin, magazine);
    return true;
}

/*
 * Puts a slot into the depot; without a magazine for it, into its slab. If that
 * is impossible as well, in a handler or while the slab lock is lost, the slot
 * is lost.
 */
static void
put_alone(unsigned bin, void *slot)
{
    if (!put_depot(bin, slot))
        (void)put_slab(bin, slot);
}

/*
 * The largest capacity of a bin's magazine: more than usual while half of
 * cache_max is left. A thread with many buffers of few classes then uses its
 * own magazines; one with many classes has room for all of them.
 */
static unsigned
rounds_max(const struct cache *cache, const struct bin_info *info)
{
    if (cache->granted_bytes < settings.config.cache_max_bytes / 2)
        return MAGAZINE_ROUNDS;
    return info->magazine_rounds;
}

/* More room in the loaded magazine, if the budgets allow. */
static bool
grow(struct cache *cache, unsigned index)
{
    struct bin *bin = &cache->bin[index];
    const struct bin_info *info = &bin_info[index];
    unsigned rounds = bin->rounds == 0 ? FIRST_ROUNDS : 2u * bin->rounds;
    unsigned most = rounds_max(cache, info);

    if (rounds > most)
        rounds = most;
    while (rounds > bin->rounds &&
           !cache_grant(cache, (uint64_t)(rounds - bin->rounds) * info->stride))
        rounds = (rounds + bin->rounds) / 2;
    if (rounds <= bin->rounds)
        return false;
    bin->rounds = (uint16_t)rounds;
    if (bin->base != NULL && bin->limit < bin->base + rounds)
        bin->limit = bin->base + rounds;
    return true;
}

static bool
load_empty(struct bin *bin)
{
    struct magazine *magazine = magazine_new();

    if (magazine == NULL)
        return false;
    bin->base = bin->top = bin->low = magazine->slot;
    bin->limit = bin->base + bin->rounds;
    return true;
}

/*
 * Gives the older half of a full magazine to the depot. Half of it stays, so
 * that neither a few more puts nor a few more gets need the depot again.
 */
static bool
give_half(struct cache *cache, unsigned index)
{
    struct bin *bin = &cache->bin[index];

    struct magazine *half = magazine_new();
    size_t rounds = (size_t)(bin->top - bin->base);
    size_t given = (rounds + 1) / 2;

    struct magazine *older = cache_loaded(bin);

    if (half == NULL)
        return false;
    __builtin_memcpy(half->slot, bin->base + given,
                     (rounds - given) * sizeof(void *));
    half->rounds = (uint16_t)(rounds - given);
    cache_load(bin, half);
    older->rounds = (uint16_t)given;
    depot_push(index, older);
    cache->given_bytes += (uint32_t)given * bin_info[index].slot_bytes;
    return true;
}

/* Pushes the slot into the thread's own magazines. False: there is no room. */
static bool
push(struct cache *cache, unsigned index, void *slot)
{
    struct bin *bin = &cache->bin[index];

    if (bin->rounds == 0 && ++bin->early_puts < EARLY_PUTS)
        return false;
    if (bin->rounds == 0 && !grow(cache, index))
        return false;
    if (bin->base == NULL && !load_empty(bin))
        return false;
    /* Growing may not help yet: a magazine from the depot may be larger. */
    while (bin->top == bin->limit) {
        if (!grow(cache, index) && !give_half(cache, index))
            return false;
    }
    pool_assert(bin->top < bin->limit);
    *bin->top = slot;
    compiler_barrier();
    bin->top++;
    return true;
}

/*
 * The tag of slots that the thread got. Destructors that run after the detach
 * put slots that the thread got before.
 */
static uint32_t
own_tag(void)
{
    const struct cache *own = block_own();

    if (own != NULL)
        return own->tag;
    return block_tag(cache_operation.ended != 0 ? cache_operation.ended
                                                : BLOCK_SHARED);
}

/* Slots that threads without a cache got do not show their thread. */
static bool
is_remote(uint32_t tag, uint32_t own)
{
    return tag != own && block_of_tag(tag) != BLOCK_SHARED;
}

static void
count_put(struct stats_block *block, unsigned index, uint32_t tag, uint32_t own)
{
    struct stats_hot *hot = &block->hot[index];

    if (block_tag_inherited(tag)) {
        hot->inherited_puts++;
        return;
    }
    COUNT_ADD(hot->puts, 1);
    COUNT_ADD(hot->remote_puts, is_remote(tag, own));
    COUNT_ADD(block->headroom, bin_info[index].slot_bytes);
}

/*
 * Makes the slot free. Of two threads that put the same slot at the same time,
 * one fails, unless one of them is the slot's own thread on the fast path,
 * which makes no atomic exchange. A reset may change the tag meanwhile
 * (block_age_tags), which is no misuse.
 */
static bool
claim_word(uint32_t *word, const void *slot, unsigned index, uint32_t *seen)
{
    uint32_t low = (uint32_t)(uintptr_t)slot & STATE_OFFSET_MASK;

    while (!__atomic_compare_exchange_n(word, seen, state_freed(index), false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        if (*seen != (BLOCK_AGED_TAG | low))
            return false;
    }
    return true;
}

static bool
claim(const void *slot, unsigned index, uint32_t *seen)
{
    return claim_word(region_state(slot), slot, index, seen);
}

static void
wipe(void *slot, unsigned bin)
{
    if (settings.config.check_fill)
        check_fill(slot, bin_info[bin].slot_bytes);
    else if (settings.config.zero_on_free)
        __builtin_memset(slot, 0, bin_info[bin].slot_bytes);
}

/*
 * The same in the shared block, where handlers count without the lock. While a
 * fork is pending, all live slots were got before it.
 */
static void
count_put_shared(unsigned index, uint32_t tag)
{
    struct stats_block *shared = account_shared();
    struct stats_hot *hot = &shared->hot[index];

    if (fork_is_pending() || block_tag_inherited(tag)) {
        __atomic_fetch_add(&hot->inherited_puts, 1, __ATOMIC_RELAXED);
        return;
    }
    __atomic_fetch_add(&hot->puts, 1, __ATOMIC_RELAXED);
    if (is_remote(tag, own_tag()))
        __atomic_fetch_add(&hot->remote_puts, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&shared->headroom, bin_info[index].slot_bytes,
                       __ATOMIC_RELAXED);
}

/* A put in a handler that interrupted an operation, which may hold the lock. */
static bool
put_within(unsigned index, void *slot, uint32_t seen, uint32_t tag)
{
    if (!claim(slot, index, &seen))
        return false;
    count_put_shared(index, tag);
    put_alone(index, slot);
    return true;
}

/* A put of a thread without a cache. */
static bool
put_shared(unsigned index, void *slot, uint32_t seen, uint32_t tag)
{
    struct cache *self = cache_self;
    bool claimed;
    bool locked;

    cache_enter();
    locked = lock_acquire_soon(&slab_lock);
    claimed = claim(slot, index, &seen);
    if (claimed)
        count_put_shared(index, tag);
    if (claimed && locked) {
        account_publish(account_shared());
        check_put_slab(index, slot, false);
    } else if (claimed) {
        (void)put_depot(index, slot);
    }
    lock_release(&slab_lock);
    bound_hold(index);
    cache_leave(self);
    return claimed;
}

static void
put_cached(struct cache *cache, unsigned index, void *slot, uint32_t tag)
{
    block_notice(cache);
    count_put(cache_block(cache), index, tag, cache->tag);
    if (unlikely(account_has_company(cache_block(cache))))
        cache_publish(cache);
    if (++cache->slow_puts % PUTS_PER_TICK == 0)
        cache_tick(cache);
    if (!push(cache, index, slot)) {
        if (cache->bin[index].rounds != 0 || !put_slab(index, slot))
            put_alone(index, slot);
    }
    cache_set_low(cache, index);
    bound_hold(index);
    idle_look(cache, index);
}

/*
 * Claims the slot within the operation that puts it away. After a fork in
 * between, the child would treat a slot that is marked free as held by nobody.
 */
static bool
put(void *slot, unsigned index, uint32_t seen, uint32_t tag)
{
    struct cache *cache = thread_cache();
    bool claimed;

    if (cache == NULL) {
        bool within =
            cache_self == &cache_busy || lock_held_by_self(&slab_lock);

        return within ? put_within(index, slot, seen, tag)
                      : put_shared(index, slot, seen, tag);
    }
    cache_enter();
    claimed = claim(slot, index, &seen);
    if (claimed)
        put_cached(cache, index, slot, tag);
    cache_leave(cache);
    return claimed;
}

/* Counts a claimed buffer as a discard too: its memory goes to the system. */
static void
count_put_guarded(unsigned index, uint32_t tag)
{
    struct cache *cache = thread_cache();

    if (cache == NULL) {
        count_put_shared(index, tag);
    } else {
        cache_enter();
        block_notice(cache);
        count_put(cache_block(cache), index, tag, cache->tag);
        if (unlikely(account_has_company(cache_block(cache))))
            cache_publish(cache);
        cache_set_low(cache, index);
        cache_leave(cache);
    }
    account_discards(index, 1);
}

static noinline enum cache_put_result
put_guarded(const void *ptr, unsigned index, uint32_t seen)
{
    if (!claim_word(guard_word(ptr), ptr, index, &seen)) {
        guard_twice(ptr);
        return CACHE_PUT_MISUSED;
    }
    guard_check(ptr);
    count_put_guarded(index, sample_end(ptr, seen & ~STATE_OFFSET_MASK));
    guard_release(ptr);
    return CACHE_PUT_DONE;
}

/*
 * The bin of a live slot, and its state word. Otherwise CACHE_BIN_FOREIGN, or
 * CACHE_BIN_MISUSED after the misuse was reported.
 */
static int
look_up(const void *ptr, uint32_t *seen)
{
    uintptr_t number = region_number(ptr);
    uint32_t low = (uint32_t)(uintptr_t)ptr & STATE_OFFSET_MASK;
    unsigned offset;
    unsigned index;

    if (guard_owns(ptr)) {
        int bin = guard_look_up(ptr, seen);

        return bin < 0 ? CACHE_BIN_MISUSED : bin;
    }
    if (number >= region.slabs)
        return CACHE_BIN_FOREIGN;
    offset = __atomic_load_n(&region_slab_bin[number], __ATOMIC_ACQUIRE);
    if (offset == 0) {
        check_report(POOL_WILD_FREE, ptr, 0);
        return CACHE_BIN_MISUSED;
    }
    index = bin_of_offset(offset);
    *seen = __atomic_load_n(region_state(ptr), __ATOMIC_RELAXED);
    if (*seen >> STATE_TAG_SHIFT == 0 || (*seen & STATE_OFFSET_MASK) != low) {
        check_misuse(ptr, index, *seen);
        return CACHE_BIN_MISUSED;
    }
    return (int)index;
}

noinline enum cache_put_result
cache_put_slow(void *ptr)
{
    uint32_t seen;
    int bin = look_up(ptr, &seen);
    unsigned index = (unsigned)bin;

    if (bin < 0)
        return bin == CACHE_BIN_FOREIGN ? CACHE_PUT_FOREIGN : CACHE_PUT_MISUSED;
    if (guard_owns(ptr))
        return put_guarded(ptr, index, seen);
    wipe(ptr, index);
    if (!put(ptr, index, seen, sample_end(ptr, seen & ~STATE_OFFSET_MASK))) {
        check_report(POOL_DOUBLE_FREE, ptr, bin_info[index].slot_bytes);
        return CACHE_PUT_MISUSED;
    }
    return CACHE_PUT_DONE;
}

int
cache_slot_bin(const void *ptr)
{
    uint32_t seen;

    return look_up(ptr, &seen);
}
