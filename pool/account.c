/*
 * account.c - live counts shared between threads, and the curve.
 */
#include "account.h"

#include "cache.h"
#include "os.h"
#include "slab.h"
#include "space.h"
#include "thread.h"

/* Serves until the thread area is there, and for ever where there is none. */
static struct {
    _Alignas(CACHE_LINE_BYTES) char header[PAGE_HEADER_BYTES];
    struct stats_block shared;
} first_page;

struct stats_header *account_page = (struct stats_header *)&first_page;

struct stats_block *
account_shared(void)
{
    return stats_block_at(account_page, THREAD_SHARED);
}

bool
account_live_more(struct stats_block *block, uint32_t slot_bytes)
{
    block->headroom -= slot_bytes;
    if (block->headroom >= 0)
        return false;
    block->peak_bytes -= block->headroom;
    block->headroom = 0;
    return true;
}

void
account_put_undone(struct stats_block *block, unsigned bin)
{
    block->hot[bin].puts--;
    (void)account_live_more(block, bin_info[bin].slot_bytes);
}

static void
raise_to(int64_t *peak, int64_t value)
{
    int64_t seen = __atomic_load_n(peak, __ATOMIC_RELAXED);

    while (value > seen &&
           !__atomic_compare_exchange_n(peak, &seen, value, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

/*
 * Raises a peak for a share whose own peak was so high, with live as the sum
 * of all shares now. With one thread its own peak is exact and stays. With
 * several, peaks of different times must not be added up: each publication
 * starts afresh, and what a thread reached while it was the only one counts
 * by itself.
 */
static void
raise_for_share(int64_t *peak, int64_t live, int64_t own_peak, int64_t share,
                bool was_alone)
{
    raise_to(peak, was_alone ? live : live + own_peak - share);
    if (was_alone)
        raise_to(peak, own_peak);
}

bool
account_alone(void)
{
    return __atomic_load_n(&account_page->threads_peak, __ATOMIC_RELAXED) <= 1;
}

static void
publish_bin(struct stats_block *block, unsigned bin)
{
    struct stats_cold *cold = &block->cold[bin];
    int64_t share = cache_live(block, bin);
    int64_t live;

    if (share == cold->published && share == cold->peak)
        return;
    live = __atomic_add_fetch(&account_page->live[bin], share - cold->published,
                              __ATOMIC_RELAXED);
    raise_for_share(&account_page->peak[bin], live, cold->peak, share,
                    block->alone);
    cold->published = share;
    cold->peak = share;
}

static void
publish_bytes(struct stats_block *block)
{
    int64_t share = block->peak_bytes - block->headroom;
    int64_t before =
        __atomic_load_n(&account_page->peak_bytes, __ATOMIC_RELAXED);
    int64_t live;

    live = __atomic_add_fetch(&account_page->live_bytes,
                              share - block->published_bytes, __ATOMIC_RELAXED);
    raise_for_share(&account_page->peak_bytes, live, block->peak_bytes, share,
                    block->alone);
    /* A peak that was reached alone has its time already. */
    if (!block->alone &&
        __atomic_load_n(&account_page->peak_bytes, __ATOMIC_RELAXED) > before)
        __atomic_store_n(&account_page->peak_monotonic_ns, os_now_ns(),
                         __ATOMIC_RELAXED);
    block->published_bytes = share;
    block->peak_bytes = share;
    block->headroom = 0;
}

/*
 * All at once: then the classes' peaks add up to no less than the total's,
 * because a sum of maxima is no less than the maximum of the sum.
 */
void
account_publish(struct stats_block *block)
{
    if (account_alone())
        return;
    for (unsigned bin = 0; bin < BINS; bin++)
        publish_bin(block, bin);
    publish_bytes(block);
    block->alone = 0;
}

/* Sums of one moment: what the curve and the idle counts are made of. */
struct sums {
    uint64_t gets, misses;
    int64_t live_bytes;
};

static struct sums
sum_blocks(void)
{
    struct sums sums = {0, 0, 0};

    for (uint32_t i = THREAD_SHARED; i < account_page->blocks_used; i++) {
        const struct stats_block *block = stats_block_at(account_page, i);

        for (unsigned bin = 0; bin < BINS; bin++) {
            const struct stats_hot *hot = &block->hot[bin];
            uint64_t gets = recent_read(block, bin).gets;
            int64_t live = (int64_t)(gets - hot->puts);

            sums.gets += gets;
            sums.misses += hot->misses;
            sums.live_bytes += live * (int64_t)bin_info[bin].slot_bytes;
        }
    }
    return sums;
}

int64_t
account_idle(unsigned bin)
{
    const struct stats_header *page = account_page;
    int64_t idle = page->adopted[bin] + (int64_t)page->warmups[bin] -
                   (int64_t)page->discards[bin];

    for (uint32_t i = THREAD_SHARED; i < page->blocks_used; i++) {
        const struct stats_block *block = stats_block_at(page, i);
        const struct stats_hot *hot = &block->hot[bin];

        idle += (int64_t)(hot->misses + hot->inherited_puts + hot->puts -
                          recent_read(block, bin).gets);
    }
    return idle;
}

uint64_t
account_idle_bytes(void)
{
    uint64_t bytes = 0;

    for (unsigned bin = 0; bin < BINS; bin++) {
        int64_t idle = account_idle(bin);

        if (idle > 0)
            bytes += (uint64_t)idle * bin_info[bin].slot_bytes;
    }
    return bytes;
}

enum { CURVE_FIRST_NS = 100 * 1000 * 1000 };

static struct sums curve_before; /* at the end of the last interval */

/* The curve is full: pairs become one interval of twice the length. */
static void
curve_halve(struct stats_header *page)
{
    for (unsigned i = 0; i < PAGE_INTERVALS / 2; i++) {
        struct stats_interval *one = &page->interval[2 * i];
        struct stats_interval *two = one + 1;

        page->interval[i] = (struct stats_interval){
            one->gets + two->gets,
            one->hits + two->hits,
            one->misses + two->misses,
            two->live_bytes,
        };
    }
    page->intervals = PAGE_INTERVALS / 2;
    page->interval_ns *= 2;
}

static void
curve_close(struct stats_header *page, const struct sums *now, int64_t count)
{
    uint64_t gets = now->gets - curve_before.gets;
    uint64_t misses = now->misses - curve_before.misses;
    struct stats_interval last = {
        .gets = gets,
        .hits = gets >= misses ? gets - misses : 0,
        .misses = misses,
        .live_bytes = now->live_bytes > 0 ? (uint64_t)now->live_bytes : 0,
    };

    /* Quiet intervals in between are told as such: nothing was seen. */
    while (count-- > 0) {
        if (page->intervals == PAGE_INTERVALS) {
            curve_halve(page);
            count /= 2;
        }
        page->interval[page->intervals++] = last;
        last.gets = last.hits = last.misses = 0;
    }
    curve_before = *now;
}

void
account_curve(int64_t now_ns)
{
    struct stats_header *page = account_page;
    uint32_t unlocked = 0;

    if (page->start_monotonic_ns == 0)
        return;
    if (page->interval_ns == 0)
        page->interval_ns = CURVE_FIRST_NS;

    int64_t age = now_ns - page->start_monotonic_ns;
    int64_t length = page->interval_ns;

    /* A reset may come at any time: what was read is what is used. */
    if (length == 0 || age < (page->intervals + 1) * length ||
        !__atomic_compare_exchange_n(&page->series_lock, &unlocked, 1, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;

    struct sums now = sum_blocks();

    curve_close(page, &now, age / length - page->intervals);
    __atomic_store_n(&page->series_lock, 0, __ATOMIC_RELEASE);
}

/* Slab tables: state words of the slabs in use, and descriptors. */
static uint64_t
slab_tables_bytes(void)
{
    uint64_t slabs = region.low + (region.slabs - region.high);

    return slabs * (STATE_TABLE_BYTES + sizeof(struct slab));
}

void
account_metadata(void)
{
    uint64_t threads = (uint64_t)thread_blocks_used() *
                       (sizeof(struct cache) + sizeof(struct stats_block));

    account_page->metadata_bytes =
        threads + slab_tables_bytes() + depot_metadata_bytes();
    account_page->reserved_bytes = space_taken_bytes();
}

static void
reset_block(struct stats_block *block)
{
    uint32_t in_use = block->in_use;

    __builtin_memset(block, 0, sizeof(*block));
    block->in_use = in_use;
    block->alone = in_use && account_alone();
}

static void
reset_header(struct stats_header *page)
{
    __builtin_memset(&page->double_frees, 0,
                     offsetof(struct stats_header, metadata_bytes) -
                         offsetof(struct stats_header, double_frees));
    page->purged_bytes = 0;
    page->intervals = 0;
    page->interval_ns = 0;
    curve_before = (struct sums){0, 0, 0};
}

void
account_reset(void)
{
    struct stats_header *page = account_page;
    int64_t idle[BINS];

    for (unsigned bin = 0; bin < BINS; bin++)
        idle[bin] = account_idle(bin);
    for (uint32_t i = THREAD_SHARED; i < page->blocks_used; i++)
        reset_block(stats_block_at(page, i));
    reset_header(page);
    for (unsigned bin = 0; bin < BINS; bin++)
        page->adopted[bin] = idle[bin];
}

void
account_restart(struct stats_block *own)
{
    reset_block(account_shared());
    if (own != NULL) {
        own->in_use = 1;
        reset_block(own);
    }
    reset_header(account_page);
    account_page->series_lock = 0;
}

void
account_leave(const char *reason)
{
    struct stats_header *page = (struct stats_header *)&first_page;

    __builtin_memcpy(page, account_page, PAGE_HEADER_BYTES);
    __builtin_memset(&first_page.shared, 0, sizeof(first_page.shared));
    __builtin_memset(&page->double_frees, 0,
                     sizeof(*page) -
                         offsetof(struct stats_header, double_frees));
    __builtin_memcpy(page->reason, reason, __builtin_strlen(reason) + 1);
    page->active = 0;
    page->blocks_used = THREAD_FIRST;
    account_page = page;
}
