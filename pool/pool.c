/*
 * pool.c - start-up, options, warm-up and the other calls of pool.h.
 */
#include "pool.h"

#include "account.h"
#include "block.h"
#include "bound.h"
#include "cache.h"
#include "check.h"
#include "decay.h"
#include "depot.h"
#include "fork.h"
#include "growth.h"
#include "guard.h"
#include "operation.h"
#include "os.h"
#include "purge.h"
#include "recover.h"
#include "refill.h"
#include "region.h"
#include "sample.h"
#include "serve.h"
#include "settings.h"
#include "slab.h"
#include "space.h"
#include "thread.h"

enum {
    CACHE_SHARE = 4,  /* of pool_max, at most, in one thread's cache, */
    CACHES_SHARE = 2, /* and in all */
    CACHES_BYTES = 32 << 20,
    CACHES_RESERVE_BYTES = 8 << 20,
    CACHE_SMALL_BYTES = 256 << 10,
    CACHES_LIVE_BYTES = 96 << 20,
};

static int64_t
window_ns(int64_t decay_ms)
{
    if (decay_ms < 0)
        return -1;
    return decay_ms * 1000 * 1000 / WINDOWS_PER_DECAY;
}

/* Sends every put (and get) to the slow path in checking modes. */
static void
route_slow(void)
{
    struct cache *cache = block_own();

    settings.slow_puts =
        settings.config.zero_on_free || settings.config.check_fill;
    settings.slow_gets = settings.config.check_fill;
    if (cache == NULL)
        return;
    cache->match = settings.slow_puts ? UINT32_MAX : cache->tag;
    for (unsigned bin = 0; settings.slow_gets && bin < BINS; bin++)
        recent_fold(cache_block(cache), bin, 1);
}

static void
bound_caches(void)
{
    struct pool_config *config = &settings.config;
    uint64_t limit = config->pool_max_bytes;

    settings.cache_budget_bytes = CACHES_BYTES;
    settings.cache_reserve_bytes = CACHES_RESERVE_BYTES;
    settings.cache_small_bytes = CACHE_SMALL_BYTES;
    settings.cache_live_bytes = CACHES_LIVE_BYTES;
    if (limit == 0)
        return;
    if (config->cache_max_bytes > limit / CACHE_SHARE)
        config->cache_max_bytes = limit / CACHE_SHARE;
    if (settings.cache_budget_bytes > limit / CACHES_SHARE)
        settings.cache_budget_bytes = limit / CACHES_SHARE;
    settings.cache_reserve_bytes = 0;
    settings.cache_live_bytes = 0;
}

void
pool_configure(const struct pool_config *config)
{
    struct pool_config *mine = &settings.config;

    *mine = *config;
    settings.window_ns = window_ns(config->decay_ms);
    bound_caches();
    route_slow();
}

static void
describe(void)
{
    struct stats_header *page = account_page;

    page->layout = PAGE_LAYOUT;
    page->block_bytes = PAGE_BLOCK_BYTES;
    page->blocks_used = BLOCK_FIRST;
    size_class_describe(page);
}

/* Slab tables: state words of the slabs in use, and descriptors. */
static uint64_t
slab_tables_bytes(void)
{
    uint64_t slabs = region.low + (region.slabs - region.high);

    return slabs * (STATE_TABLE_BYTES + sizeof(struct slab));
}

/* Notes the size of the pool's own tables and of its address space. */
static void
describe_memory(void)
{
    uint64_t threads = (uint64_t)blocks_used() *
                       (sizeof(struct cache) + sizeof(struct stats_block));

    account_page->metadata_bytes =
        threads + slab_tables_bytes() + depot_metadata_bytes();
    account_page->reserved_bytes = space_taken_bytes();
}

/* NULL, or why there is none. */
static const char *
take_space(void)
{
    if (os_page_bytes() > OS_PAGE_MAX_BYTES)
        return "the system's pages are larger than 64 KB";
    if (!region_init())
        return "no address space for the pools";
    slab_init();
    if (!depot_init(region.slabs) || !cache_area_init()) {
        region.slabs = 0;
        return "no address space for the pools' tables";
    }
    return NULL;
}

bool
pool_init(const struct pool_config *config)
{
    const char *reason;

    pool_configure(config);
    reason = take_space();
    describe();
    if (reason != NULL) {
        __builtin_memcpy(account_page->reason, reason,
                         __builtin_strlen(reason) + 1);
        return false;
    }
    describe_memory();
    account_page->active = 1;
    settings.active = true;
    return true;
}

void
pool_sample_start(const struct pool_sampler *sampler,
                  struct pool_sample_rate rate, uint64_t seed)
{
    sample_start(sampler, rate, seed);
}

bool
pool_guard_start(const struct pool_guard *guard)
{
    return guard_start(guard);
}

bool
pool_guard_explain(const void *address, struct pool_guard_find *find)
{
    return guard_explain(address, find);
}

void
pool_guard_end(void)
{
    if (account_alone())
        guard_check_all();
}

struct stats_header *
pool_page(void)
{
    return account_page;
}

size_t
pool_page_bytes(void)
{
    return (size_t)cache_area_limit() * PAGE_BLOCK_BYTES;
}

bool
pool_page_share(int fd, bool (*may_grow)(size_t bytes))
{
    return settings.active && cache_area_share(fd, blocks_used(), may_grow);
}

/*
 * Makes the pages of a free slot present. If the system can not populate them,
 * bytes of the slot itself are written, never a page's first byte as such,
 * which may belong to a neighbour in use.
 */
static void
make_present(char *slot, size_t bytes)
{
    size_t page = os_page_bytes();
    char *next = (char *)align_down((uintptr_t)slot, page) + page;

    if (os_populate(slot, bytes))
        return;
    *(volatile char *)slot = 0;
    for (; next < slot + bytes; next += page)
        *(volatile char *)next = 0;
}

/*
 * Takes up to max new slots, which count as warmed up from now on. Returns
 * their number; 0 also if the lock can not be had.
 */
static unsigned
take_new(unsigned bin, struct magazine *into, unsigned max)
{
    unsigned taken = 0;

    if (!lock_acquire_soon(&slab_lock))
        return 0;
    taken = refill_take_new(bin, into, max);
    /* A run may be longer than asked for. */
    while (taken > max)
        check_put_slab(bin, into->slot[--taken], true);
    account_warmups(bin, taken);
    lock_release(&slab_lock);
    return taken;
}

/*
 * Makes one magazine of slots ready. Populating their pages takes a system call
 * per slot, so it is done without the lock.
 */
static unsigned
warm_magazine(unsigned bin, unsigned max)
{
    struct magazine *magazine = magazine_new();
    unsigned taken;

    if (magazine == NULL)
        return 0;
    taken = take_new(bin, magazine, max);
    if (taken == 0) {
        magazine_free(magazine);
        return 0;
    }
    for (unsigned i = 0; i < taken; i++)
        make_present(magazine->slot[i], bin_info[bin].slot_bytes);
    magazine->rounds = (uint16_t)taken;
    magazine->cold = 0;
    depot_push(bin, magazine);
    return taken;
}

/*
 * The number of a bin's buffers that may become idle: within pool_max, and so
 * that at most half of the machine's memory is idle.
 */
static size_t
warm_room(unsigned bin)
{
    uint64_t limit = settings.config.pool_max_bytes;
    uint64_t half = os_physical_bytes() / 2;
    uint64_t idle = account_idle_bytes();

    if (limit == 0 || (half != 0 && half < limit))
        limit = half;
    if (limit == 0)
        return SIZE_MAX / bin_info[bin].slot_bytes;
    return idle < limit ? (limit - idle) / bin_info[bin].slot_bytes : 0;
}

size_t
pool_warm(size_t bytes, size_t count)
{
    size_t ready = 0;
    size_t room;

    if (!settings.active || bytes == 0 || bytes > BAND_MAX_BYTES)
        return 0;

    unsigned bin = size_bin(bytes < BAND_MIN_BYTES ? BAND_MIN_BYTES : bytes);

    struct cache *self = cache_self;

    if (fork_is_pending() || self == &cache_busy ||
        lock_held_by_self(&slab_lock))
        return 0;
    cache_enter();
    if (!lock_acquire_soon(&slab_lock)) {
        cache_leave(self);
        return 0;
    }
    room = warm_room(bin);
    if (count > room)
        count = room;
    growth_expect_warm((uint64_t)count * bin_info[bin].slot_bytes);
    lock_release(&slab_lock);
    while (ready < count) {
        size_t left = count - ready;
        unsigned rounds = bin_info[bin].magazine_rounds;
        unsigned taken;

        taken = warm_magazine(bin, left < rounds ? (unsigned)left : rounds);
        if (taken == 0)
            break;
        ready += taken;
    }
    cache_leave(self);
    return ready;
}

size_t
pool_purge(void)
{
    struct cache *cache = settings.active ? thread_cache() : NULL;
    struct cache *self = cache_self;
    size_t bytes;

    if (!settings.active || fork_is_pending() || self == &cache_busy)
        return 0;
    cache_enter();
    if (cache != NULL)
        cache_flush(cache);
    bytes = purge_all();
    cache_leave(self);
    return bytes;
}

size_t
pool_unmap(void)
{
    struct cache *self = cache_self;
    size_t bytes;

    if (!settings.active || fork_is_pending() || self == &cache_busy)
        return 0;
    cache_enter();
    if (self->state == CACHE_LIVE)
        cache_flush(self);
    bytes = purge_space();
    cache_leave_untold(self);
    return bytes;
}

void
pool_flush(void)
{
    struct cache *cache = settings.active ? block_own() : NULL;

    if (cache == NULL || fork_is_pending() || cache_self != cache)
        return;
    cache_enter();
    cache_flush(cache);
    bound_hold(BINS);
    cache_leave(cache);
}

int64_t
pool_tick(void)
{
    int64_t now = os_now_ns();

    if (!settings.active || fork_is_pending())
        return INT64_MAX;
    account_curve(now);
    decay_tick(0, now);
    check_tell();
    if (settings.window_ns <= 0)
        return INT64_MAX;
    now = atomic_load(&decay_next_ns) - now;
    return now > 0 ? now : 0;
}

void
pool_stats_publish(void)
{
    struct cache *cache = settings.active ? block_own() : NULL;

    if (!settings.active)
        return;
    if (cache != NULL && cache_self == cache) {
        cache_enter();
        cache_publish(cache);
        cache_leave(cache);
    }
    describe_memory();
    account_mend_base();
    account_curve(os_now_ns());
}

void
pool_stats_end(void)
{
    struct cache *self = cache_self;
    bool within = self == &cache_busy || lock_held_by_self(&slab_lock);

    if (settings.active && !within && !fork_is_pending() && !account_alone()) {
        cache_enter();
        if (block_own() != NULL)
            cache_flush(block_own());
        purge_collect();
        cache_leave(self);
    }
    pool_stats_publish();
}

void
pool_stats_reset(void)
{
    struct cache *self = cache_self;
    struct cache *cache;

    if (!settings.active) {
        account_reset();
        return;
    }
    if (fork_is_pending() || self == &cache_busy ||
        lock_held_by_self(&slab_lock))
        return;
    cache = block_own();
    cache_enter();
    if (!lock_acquire_soon(&slab_lock)) {
        cache_leave(self);
        return;
    }
    account_reset();
    block_new_epoch();
    block_recall_others(cache);
    lock_release(&slab_lock);
    if (cache != NULL) {
        block_retag(cache);
        account_forget_peaks(cache_block(cache));
        cache_publish(cache);
    }
    cache_leave(self);
}

bool
pool_fork_prepare(void)
{
    if (!settings.active)
        return true;
    recover_if_left();
    return fork_prepare();
}

void
pool_fork_parent(void)
{
    if (settings.active)
        fork_parent();
}

void
pool_fork_child(void)
{
    if (settings.active)
        fork_child();
    else
        account_restart(NULL);
}
