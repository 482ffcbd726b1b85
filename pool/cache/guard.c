/* guard.c - see guard.h. */
#include "guard.h"

#include <time.h>

#include "block.h"
#include "check.h"
#include "os.h"
#include "recent.h"
#include "sample.h"

enum {
    MEANS_MAX = 64, /* distances beyond so many means do not occur */
    MEAN_UNIT_SHIFT = 10,
    MALLOC_ALIGN_BYTES = 16,
};

/* For rate 0: a guard of cost t is followed by AUTO_SHARE * t of CPU time. */
enum {
    AUTO_SHARE = 200,
    AUTO_PLENTY = 4, /* times as much: guards may be as often again */
    AUTO_MEAN_FIRST = 1000,
    AUTO_MEAN_MIN = 16,
    AUTO_MEAN_MAX = 1 << 30,
    AUTO_PARTS = 3, /* of a guard's cost; the get is one, the put the rest */
    AUTO_COST_NS = 20000,
    AUTO_COST_MAX_NS = 500000,
    AUTO_SMOOTH = 8,
};

static const struct pool_guard *guard;
static _Atomic int64_t cost_ns;

bool
guard_start(const struct pool_guard *wanted)
{
    struct cache *own = block_own();

    guard = wanted;
    atomic_store(&cost_ns, AUTO_COST_NS);
    if (!guard_slots_make(wanted->slots))
        return false;
    if (own == NULL)
        return true;
    /* The credit that gets have may reach beyond the first. */
    for (unsigned bin = 0; bin < BINS; bin++)
        recent_fold(cache_block(own), bin, 1);
    return true;
}

static uint64_t
mean_of(struct cache *cache)
{
    if (guard->rate != 0)
        return guard->rate;
    if (cache->guard_mean == 0)
        cache->guard_mean = AUTO_MEAN_FIRST;
    return cache->guard_mean;
}

/*
 * The number of gets up to and including the next guarded one. Each get has a
 * chance of 1 in mean, so it is 1 + an exponential number, rounded down, of the
 * mean
 * -1 / ln(1 - 1 / mean) = mean - 1/2 - 1/(12 mean) - ...
 */
static uint64_t
draw(struct cache *cache, uint64_t mean)
{
    uint64_t unit = UINT64_C(1) << MEAN_UNIT_SHIFT;
    uint64_t fine;

    if (mean <= 1)
        return 1;
    fine =
        mean * unit - unit / 2 - unit / (12 * mean) - unit / (24 * mean * mean);
    return 1 + (sample_distance(cache, fine) >> MEAN_UNIT_SHIFT);
}

/*
 * Is there CPU time for a guard? Guards that come too soon are made rarer,
 * those that come late more frequent.
 */
static bool
affords(struct cache *cache)
{
    int64_t now = os_clock_ns(CLOCK_THREAD_CPUTIME_ID);
    int64_t passed = now - cache->guard_cpu_ns;
    int64_t wanted =
        AUTO_SHARE * atomic_load_explicit(&cost_ns, memory_order_relaxed);

    if (passed < wanted) {
        if (cache->guard_mean < AUTO_MEAN_MAX)
            cache->guard_mean *= 2;
        return false;
    }
    cache->guard_cpu_ns = now;
    if (passed > AUTO_PLENTY * wanted && cache->guard_mean > AUTO_MEAN_MIN)
        cache->guard_mean /= 2;
    return true;
}

static uint64_t
next_number(const struct cache *cache, unsigned bin)
{
    return recent_gets(&cache_block(cache)->hot[bin]) + 1;
}

bool
guard_choose(struct cache *cache, unsigned bin)
{
    uint64_t *at = &cache->guard_at[bin];
    uint64_t number = next_number(cache, bin);
    uint64_t mean = mean_of(cache);

    if (*at < number || (*at - number) / MEANS_MAX > mean)
        *at = number + draw(cache, mean) - 1;
    if (*at != number)
        return false;
    *at = number + draw(cache, mean);
    /* A filter that forbids mprotect may also forbid to read the clock. */
    return os_may_protect() && (guard->rate != 0 || affords(cache));
}

unsigned
guard_bound(const struct cache *cache, unsigned bin, unsigned left)
{
    uint64_t number = next_number(cache, bin);
    uint64_t at = cache->guard_at[bin];

    if (at < number || at - number + 1 >= left)
        return left;
    return (unsigned)(at - number) + 1;
}

void *
guard_take(unsigned bin, size_t align, size_t bytes)
{
    int64_t began = guard->rate == 0 ? os_clock_ns(CLOCK_MONOTONIC) : 0;
    struct guard_slot *slot = guard_slot_open(bin, align, bytes);

    if (slot == NULL)
        return NULL;
    slot->began_ns = began;
    __atomic_fetch_add(&account_page->guarded, 1, __ATOMIC_RELAXED);
    return slot->start;
}

static void
note_cost(const struct guard_slot *slot)
{
    int64_t cost = os_clock_ns(CLOCK_MONOTONIC) - slot->began_ns;
    int64_t mean = atomic_load_explicit(&cost_ns, memory_order_relaxed);

    cost *= AUTO_PARTS;
    if (cost > AUTO_COST_MAX_NS)
        cost = AUTO_COST_MAX_NS;
    mean += (cost - mean) / AUTO_SMOOTH;
    atomic_store_explicit(&cost_ns, mean, memory_order_relaxed);
}

void
guard_tell(const void *ptr)
{
    struct guard_slot *slot = guard_slot_of(ptr);

    guard->take_stack(&slot->got);
    if (slot->began_ns != 0)
        note_cost(slot);
}

static void
describe(const struct guard_slot *slot, const char *access,
         enum pool_guard_kind kind, struct pool_guard_find *find)
{
    find->kind = kind;
    find->buffer = slot->start;
    find->access = access;
    find->bytes = slot->bytes;
    find->class_bytes = bin_info[slot->bin].slot_bytes;
    find->got = slot->got;
    find->put = slot->put;
}

static void
report(const struct guard_slot *slot, const char *access,
       enum pool_guard_kind kind)
{
    struct pool_guard_find find;

    __atomic_fetch_add(&account_page->guards_found, 1, __ATOMIC_RELAXED);
    describe(slot, access, kind, &find);
    guard->found(&find);
}

void
guard_twice(const void *ptr)
{
    const struct guard_slot *slot = guard_slot_of(ptr);

    report(slot, slot->start, POOL_GUARD_DOUBLE_FREE);
    check_report(POOL_DOUBLE_FREE, ptr, bin_info[slot->bin].slot_bytes);
}

static void
report_misuse(const struct guard_slot *slot, const void *ptr, uint32_t word)
{
    if ((uintptr_t)ptr % MALLOC_ALIGN_BYTES != 0)
        check_report(POOL_MISALIGNED_FREE, ptr, 0);
    else if (word == STATE_NONE)
        check_report(POOL_WILD_FREE, ptr, 0);
    else if (ptr != slot->start)
        check_report(POOL_INTERIOR_FREE, ptr, bin_info[slot->bin].slot_bytes);
    else
        guard_twice(ptr);
}

int
guard_look_up(const void *ptr, uint32_t *seen)
{
    const struct guard_slot *slot = guard_slot_of(ptr);

    *seen = __atomic_load_n(&slot->word, __ATOMIC_ACQUIRE);
    if (*seen >> STATE_TAG_SHIFT != 0 && ptr == slot->start)
        return (int)slot->bin;
    report_misuse(slot, ptr, *seen);
    return -1;
}

void
guard_check(const void *ptr)
{
    const struct guard_slot *slot = guard_slot_of(ptr);
    const char *damage = guard_slot_damage(slot);

    if (damage != NULL)
        report(slot, damage, POOL_GUARD_GAP);
}

void
guard_check_all(void)
{
    const struct guard_slot *slot;

    for (unsigned i = 0; (slot = guard_slot_at(i)) != NULL; i++) {
        if (slot->word >> STATE_TAG_SHIFT != 0)
            guard_check(slot->start);
    }
}

void
guard_release(const void *ptr)
{
    struct guard_slot *slot = guard_slot_of(ptr);

    guard->take_stack(&slot->put);
    guard_slot_close(slot);
}

bool
guard_explain(const void *address, struct pool_guard_find *find)
{
    const char *access = address;
    const struct guard_slot *slot;
    enum pool_guard_kind kind = POOL_GUARD_OVERRUN;

    if (!guard_owns(address))
        return false;
    slot = guard_slot_meant(access);
    if (slot == NULL)
        return false;
    if (slot->word >> STATE_TAG_SHIFT == 0)
        kind = POOL_GUARD_USE_AFTER_FREE;
    else if (access < slot->start)
        kind = POOL_GUARD_UNDERRUN;
    describe(slot, access, kind, find);
    __atomic_fetch_add(&account_page->guards_found, 1, __ATOMIC_RELAXED);
    return true;
}
