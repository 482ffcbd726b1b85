/*
 * account.c - the statistics page, idle slots and the curve; see account.h.
 */
#include "account.h"

#include <stdatomic.h>

#include "series.h"
#include "snapshot.h"
#include "sums.h"

/* The page until the thread area exists, or for ever if there is none. */
static struct {
    _Alignas(CACHE_LINE_BYTES) char header[PAGE_HEADER_BYTES];
    struct stats_block shared;
} first_page;

struct stats_header *account_page = (struct stats_header *)&first_page;

/* Something may have been counted in first_page. */
static atomic_bool first_page_used;

void
account_move(struct stats_header *page)
{
    if (atomic_load_explicit(&first_page_used, memory_order_relaxed))
        __builtin_memcpy(page, account_page, sizeof(first_page));
    account_page = page;
}

struct stats_block *
account_shared(void)
{
    if (unlikely(account_page == (struct stats_header *)&first_page))
        atomic_store_explicit(&first_page_used, true, memory_order_relaxed);
    return stats_block_at(account_page, BLOCK_SHARED);
}

bool
account_alone(void)
{
    return __atomic_load_n(&account_page->threads_peak, __ATOMIC_RELAXED) <= 1;
}

/* A counter that other threads may change at this moment. */
static uint64_t
load(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Sums of one moment: the values of the curve and of the idle counts. */
struct sums {
    uint64_t gets, misses;
    int64_t live_bytes;
};

static struct sums
sum_blocks(void)
{
    struct sums sums = {0, 0, 0};

    for (uint32_t i = BLOCK_SHARED; i < account_page->blocks_used; i++) {
        const struct stats_block *block = stats_block_at(account_page, i);

        for (unsigned bin = 0; bin < BINS; bin++) {
            const struct stats_hot *hot = &block->hot[bin];
            uint64_t gets = recent_read(block, bin).gets;
            int64_t live = (int64_t)(gets - load(&hot->puts));

            sums.gets += gets;
            sums.misses += load(&hot->misses);
            sums.live_bytes += live * (int64_t)bin_info[bin].slot_bytes;
        }
    }
    return sums;
}

/* Idle slots as the blocks from first on count them. */
static int64_t
idle_from(uint32_t first, unsigned bin)
{
    const struct stats_header *page = account_page;
    int64_t idle = page->adopted[bin] + (int64_t)page->warmups[bin] -
                   (int64_t)page->discards[bin];

    for (uint32_t i = first; i < page->blocks_used; i++) {
        const struct stats_block *block = stats_block_at(page, i);
        const struct stats_hot *hot = &block->hot[bin];

        idle += (int64_t)(load(&hot->misses) + load(&hot->inherited_puts) +
                          load(&hot->puts) - recent_read(block, bin).gets);
    }
    return idle;
}

int64_t
account_idle(unsigned bin)
{
    return idle_from(BLOCK_SHARED, bin);
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

        series_set(page, i,
                   (struct stats_interval){
                       one->gets + two->gets,
                       one->hits + two->hits,
                       one->misses + two->misses,
                       two->live_bytes,
                   });
    }
    series_set_length(page, PAGE_INTERVALS / 2, 2 * page->interval_ns);
}

static void
curve_close(struct stats_header *page, const struct sums *now, int64_t count)
{
    uint64_t gets = now->gets - curve_before.gets;
    uint64_t misses = now->misses - curve_before.misses;
    int64_t live = now->live_bytes - page->base.live_bytes;
    struct stats_interval last = {
        .gets = gets,
        .hits = gets >= misses ? gets - misses : 0,
        .misses = misses,
        .live_bytes = live > 0 ? (uint64_t)live : 0,
    };

    /* Quiet intervals in between are told as such: nothing was seen. */
    while (count-- > 0) {
        if (page->intervals == PAGE_INTERVALS) {
            curve_halve(page);
            count /= 2;
        }
        series_set(page, page->intervals, last);
        series_set_length(page, page->intervals + 1, page->interval_ns);
        last.gets = last.hits = last.misses = 0;
    }
    curve_before = *now;
}

void
account_curve(int64_t now_ns)
{
    struct stats_header *page = account_page;

    if (page->start_monotonic_ns == 0)
        return;
    if (page->interval_ns == 0)
        page->interval_ns = CURVE_FIRST_NS;

    int64_t age = now_ns - page->start_monotonic_ns;
    int64_t length = page->interval_ns;

    /* A reset may come at any time: only the value that was read is used. */
    if (length == 0 || age < (page->intervals + 1) * length ||
        !series_begin(page))
        return;

    struct sums now = sum_blocks();

    curve_close(page, &now, age / length - page->intervals);
    series_end(page);
}

static void
reset_block(struct stats_block *block)
{
    uint32_t in_use = block->in_use;

    __builtin_memset(block, 0, sizeof(*block));
    block->in_use = in_use;
    block->alone = in_use && account_alone();
}

static uint64_t
exchange_zero(uint64_t *word)
{
    return __atomic_exchange_n(word, 0, __ATOMIC_RELAXED);
}

/*
 * As reset_block for the shared block, of which nobody got a slot yet: zeroes
 * what others may add to at this moment (page.h). Slots that were put there are
 * idle.
 */
static void
reset_shared(struct stats_block *shared, int64_t idle[BINS])
{
    for (unsigned bin = 0; bin < BINS; bin++) {
        struct stats_hot *hot = &shared->hot[bin];
        struct stats_cold *cold = &shared->cold[bin];
        uint64_t puts = exchange_zero(&hot->puts);

        idle[bin] += (int64_t)(puts + exchange_zero(&hot->inherited_puts));
        __atomic_fetch_sub(&shared->headroom,
                           (int64_t)(puts * bin_info[bin].slot_bytes),
                           __ATOMIC_RELAXED);
        exchange_zero(&hot->remote_puts);
        exchange_zero(&cold->callocs);
        exchange_zero(&cold->aligned);
        exchange_zero(&cold->reallocs_in_place);
        exchange_zero(&cold->reallocs_moved);
        exchange_zero(&cold->bypasses);
    }
    for (unsigned i = 0; i < PAGE_WIDTHS; i++)
        exchange_zero(&shared->fallback_calls[i]);
    exchange_zero(&shared->below_granted);
    exchange_zero(&shared->above_bytes);
}

static void
reset_header(struct stats_header *page)
{
    __builtin_memset(&page->double_frees, 0,
                     offsetof(struct stats_header, metadata_bytes) -
                         offsetof(struct stats_header, double_frees));
    page->purged_bytes = 0;
    page->guarded = page->guards_found = 0;
    page->intervals = 0;
    page->interval_ns = 0;
    curve_before = (struct sums){0, 0, 0};
}

void
account_forget_peaks(struct stats_block *block)
{
    for (unsigned bin = 0; bin < BINS; bin++)
        block->cold[bin].peak = account_share(block, bin);
    if (block->alone) {
        block->peak_bytes -= block->headroom;
        block->headroom = 0;
    }
}

/* A reset came among threads: the page's base is in use. */
static atomic_bool rebased;

/* The curve begins anew; another thread may be closing an interval. */
static void
reset_curve(struct stats_header *page)
{
    if (!series_begin(page))
        return;
    curve_before = sum_blocks();
    series_set_length(page, 0, 0);
    series_end(page);
}

/*
 * A reset while other threads count: writes only header fields on which no
 * count of idle slots depends.
 */
static void
reset_among_threads(struct stats_header *page)
{
    __builtin_memset(&page->double_frees, 0,
                     offsetof(struct stats_header, live) -
                         offsetof(struct stats_header, double_frees));
    __atomic_store_n(&page->guarded, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&page->guards_found, 0, __ATOMIC_RELAXED);
    atomic_store_explicit(&rebased, true, memory_order_relaxed);
    stats_snapshot_rebase(page);
    for (unsigned bin = 0; bin < BINS; bin++)
        __atomic_store_n(&page->peak[bin], page->base.bin[bin].live,
                         __ATOMIC_RELAXED);
    __atomic_store_n(&page->peak_bytes, page->base.live_bytes,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&page->peak_credit, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&page->peak_monotonic_ns, 0, __ATOMIC_RELAXED);
    reset_curve(page);
}

void
account_reset(void)
{
    struct stats_header *page = account_page;
    int64_t idle[BINS];

    /* Threads without a cache count in the shared block, and may do so now. */
    if (!account_alone() || !block_is_unused(account_shared())) {
        reset_among_threads(page);
        return;
    }

    for (unsigned bin = 0; bin < BINS; bin++)
        idle[bin] = idle_from(BLOCK_FIRST, bin);
    reset_shared(account_shared(), idle);
    for (uint32_t i = BLOCK_FIRST; i < page->blocks_used; i++)
        reset_block(stats_block_at(page, i));
    reset_header(page);
    for (unsigned bin = 0; bin < BINS; bin++)
        page->adopted[bin] = idle[bin];
}

/*
 * Puts that the blocks count minus gets. Reads the puts first, so that others
 * who go on meanwhile make it smaller, never larger.
 */
static int64_t
surplus_of_puts(const struct stats_header *page, unsigned bin)
{
    uint64_t puts = 0;
    uint64_t gets = 0;

    for (uint32_t i = BLOCK_SHARED; i < page->blocks_used; i++)
        puts += load(&stats_block_at(page, i)->hot[bin].puts);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    for (uint32_t i = BLOCK_SHARED; i < page->blocks_used; i++)
        gets += recent_read(stats_block_at(page, i), bin).gets;
    return (int64_t)(puts - gets);
}

void
account_mend_base(void)
{
    struct stats_header *page = account_page;

    /* The base is untouched pages otherwise. */
    if (!atomic_load_explicit(&rebased, memory_order_relaxed))
        return;
    for (unsigned bin = 0; bin < BINS; bin++) {
        struct stats_base_bin *base = &page->base.bin[bin];
        uint64_t puts = __atomic_load_n(&base->puts, __ATOMIC_RELAXED);
        uint64_t gets = __atomic_load_n(&base->gets, __ATOMIC_RELAXED);
        int64_t more;

        if (gets == 0)
            continue;
        more = surplus_of_puts(page, bin) - (int64_t)(puts - gets);
        /* Another thread may reset or mend at the same time. */
        if (more > 0)
            (void)__atomic_compare_exchange_n(
                &base->puts, &puts, puts + (uint64_t)more, false,
                __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
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
    account_page->series_version = 0;
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
    page->blocks_used = BLOCK_FIRST;
    account_page = page;
}
