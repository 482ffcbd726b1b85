/*
 * snapshot.c - sums a statistics page up and derives further counters.
 *
 * Model     The page keeps raw counts per bin and block. Here they become the
 *           counters of counters.def: per class, then pools and total as sums
 *           of classes, so that every level agrees with the others.
 * Races     Other threads count on while this reads. Every word is read once
 *           and bounded by the count that it is a part of (misses and puts by
 *           gets, depot_hits by hits), so that the contract's equations hold
 *           in every snapshot. If no thread counts, no bound applies. If much
 *           was counted during a sum, because the thread lost the processor,
 *           the sum is taken again.
 * Overflow  Sums and products stop at 2^64-1: a damaged page gives absurd
 *           numbers, never a small one that looks right.
 */
#include "snapshot.h"

#include <stdbool.h>
#include <string.h>

#include "equations.h"
#include "profile.h"
#include "recent.h"
#include "saturate.h"
#include "series.h"
#include "sums.h"

enum {
    SERIES_TRIES = 4,
    TAKE_TRIES = 4,
    CALM_GETS = 16, /* of each block, while its process is read */
};

/* Subtracts the counts that the last reset noted. */
static void
take_off_bin(struct stats_counts *c, const struct stats_base_bin *base)
{
    uint64_t puts = c->puts - LOAD(base->puts); /* below zero: see the sums */

#define TAKE_OFF(name) c->name = sat_sub(c->name, LOAD(base->name));
    STATS_BASE_COUNTS(TAKE_OFF)
#undef TAKE_OFF
    c->puts = (int64_t)puts < 0 ? 0 : puts;
}

/*
 * A size that rebase_profile attributed to another bucket is missing here. It
 * is taken off the largest bucket that still has one, so that the report never
 * shows more bytes than were requested.
 */
static void
take_off_sizes(uint64_t *sizes, const uint64_t *base)
{
    uint64_t missing = 0;
    for (unsigned i = 0; i < PAGE_SIZES; i++) {
        uint64_t before = LOAD(base[i]);
        missing = sat_add(missing, sat_sub(before, sizes[i]));
        sizes[i] = sat_sub(sizes[i], before);
    }
    for (unsigned i = PAGE_SIZES; i-- > 0;) {
        uint64_t taken = at_most(missing, sizes[i]);
        sizes[i] -= taken;
        missing -= taken;
    }
}

static void
take_off_profile(struct stats_snapshot *out, const struct stats_base *base)
{
    take_off_sizes(out->sizes, base->sizes);
    for (unsigned i = 0; i < PAGE_WIDTHS; i++)
        out->fallback_widths[i] =
            sat_sub(out->fallback_widths[i], LOAD(base->fallback_calls[i]));
    out->below.bytes = sat_sub(out->below.bytes, LOAD(base->below_bytes));
    out->above.bytes = sat_sub(out->above.bytes, LOAD(base->above_bytes));
}

/* The parts of a peak: see struct stats_hot and struct stats_block. */
struct peak_parts {
    int64_t above; /* highest of peak - published over the blocks */
    int64_t alone; /* highest peak of a thread that was the only one */
};

static void
add_peak(struct peak_parts *parts, int64_t peak, int64_t published, bool alone)
{
    int64_t above = alone ? 0 : sat_sub_signed(peak, published);
    parts->above = above > parts->above ? above : parts->above;
    if (alone && peak > parts->alone)
        parts->alone = peak;
}

/* before is the highest that was published, shares are those published. */
static uint64_t
peak_of(const struct peak_parts *parts, int64_t shares, int64_t before,
        uint64_t live)
{
    int64_t now = sat_add_signed(shares, parts->above);
    now = now > before ? now : before;
    uint64_t peak = sat_unsigned(now > parts->alone ? now : parts->alone);
    return peak > live ? peak : live;
}

/* The bin's highest live count so far. */
static uint64_t
bin_peak(const struct stats_header *page, unsigned bin, uint64_t live)
{
    struct peak_parts parts = {0, 0};
    uint32_t end = blocks_end(page);
    for (uint32_t i = PAGE_FIRST_BLOCK; i < end; i++) {
        const struct stats_block *block = stats_block_at(page, i);
        const struct stats_cold *cold = &block->cold[bin];
        add_peak(&parts, LOAD(cold->peak), LOAD(cold->published),
                 LOAD(block->alone) != 0);
    }
    int64_t base = LOAD(page->base.bin[bin].live);
    return peak_of(&parts, sat_sub_signed(LOAD(page->live[bin]), base),
                   sat_sub_signed(LOAD(page->peak[bin]), base), live);
}

/* Idle buffers of a bin; see adopted in struct stats_header. */
static uint64_t
bin_idle(const struct stats_header *page, unsigned bin,
         const struct stats_counts *counts)
{
    uint64_t in = sat_add(counts->misses, counts->warmups);
    uint64_t out = sat_add(counts->discards, counts->live);
    int64_t adopted = LOAD(page->adopted[bin]);
    in = sat_add(in, counts->inherited_puts);
    in = sat_add(in, sat_unsigned(adopted));
    out = sat_add(out, sat_unsigned(sat_sub_signed(0, adopted)));
    return sat_sub(in, out);
}

static void
derive_bin(struct stats_counts *c, const struct stats_header *page,
           unsigned bin, uint64_t slot)
{
    uint64_t idle;

    c->discards = LOAD(page->discards[bin]);
    c->warmups = LOAD(page->warmups[bin]);
    c->live = c->gets - at_most(c->puts, c->gets);
    c->misses = at_most(c->misses, c->gets);
    idle = bin_idle(page, bin, c);
    take_off_bin(c, &page->base.bin[bin]);
    c->puts = at_most(c->puts, c->gets);
    c->live = c->gets - c->puts;
    c->misses = at_most(c->misses, c->gets);
    c->hits = c->gets - c->misses;
    c->depot_hits = at_most(c->depot_hits, c->hits);
    c->cache_hits = c->hits - c->depot_hits;
    c->remote_puts = at_most(c->remote_puts, c->puts);
    c->slot_bytes = sat_mul(c->gets, slot);
    c->requested_bytes = at_most(c->requested_bytes, c->slot_bytes);
    c->live_bytes = sat_mul(c->live, slot);
    c->peak_live_bytes = sat_mul(bin_peak(page, bin, c->live), slot);
    c->cached_bytes = sat_mul(idle, slot);
    c->resident_bytes = sat_add(c->live_bytes, c->cached_bytes);
}

static void
add_counts(struct stats_counts *sum, const struct stats_counts *part)
{
    uint64_t *to = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)part;
    for (unsigned i = 0; i < COUNTERS; i++)
        to[i] = sat_add(to[i], from[i]);
}

static void
sum_bin(struct stats_snapshot *out, const struct stats_header *page,
        unsigned bin)
{
    unsigned class_index = page->bin_class[bin];
    if (class_index >= PAGE_CLASSES)
        return;
    struct stats_class_row *row = &out->classes[class_index];
    struct stats_counts counts = {0};
    uint32_t end = blocks_end(page);
    for (uint32_t i = PAGE_FIRST_BLOCK; i < end; i++)
        block_sums_add(&counts, stats_block_at(page, i), bin);
    derive_bin(&counts, page, bin, row->max_bytes);
    add_counts(&row->counts, &counts);
}

/* The bytes of all discards: those are the bytes given back to the system. */
static uint64_t
sum_purged(const struct stats_snapshot *snap)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        const struct stats_class_row *row = &snap->classes[i];
        bytes = sat_add(bytes, sat_mul(row->counts.discards, row->max_bytes));
    }
    return bytes;
}

/*
 * Highest live bytes of the process: those of its only thread, or the highest
 * sum that account.c found; exact for one thread.
 */
static uint64_t
total_peak(const struct stats_header *page, uint64_t live_bytes)
{
    int64_t peak = LOAD(page->peak_bytes);
    uint32_t end = blocks_end(page);
    for (uint32_t i = PAGE_FIRST_BLOCK; i < end; i++) {
        const struct stats_block *block = stats_block_at(page, i);
        if (LOAD(block->alone) != 0 && LOAD(block->peak_bytes) > peak)
            peak = LOAD(block->peak_bytes);
    }
    peak = sat_sub_signed(peak, LOAD(page->base.live_bytes));
    return sat_unsigned(peak) > live_bytes ? sat_unsigned(peak) : live_bytes;
}

/*
 * With one thread the peak is exact. Threads without a cache count in the
 * first block, whose share is not followed from get to get.
 */
static bool
peak_is_exact(const struct stats_header *page)
{
    bool there = blocks_end(page) > PAGE_FIRST_BLOCK; /* not if damaged */

    if (LOAD(page->threads_peak) > 1)
        return false;
    return !there || block_is_unused(stats_block_at(page, PAGE_FIRST_BLOCK));
}

static void
sum_pools(struct stats_snapshot *out, const struct stats_header *page)
{
    for (unsigned i = 0; i < PAGE_POOLS; i++)
        out->pool[i].max_bytes = page->pool_bytes[i];
    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        unsigned pool = page->class_pool[i];
        if (pool < PAGE_POOLS)
            add_counts(&out->pool[pool].counts, &out->classes[i].counts);
    }
    for (unsigned i = 0; i < PAGE_POOLS; i++)
        add_counts(&out->total, &out->pool[i].counts);
    /* Classes have their peaks one by one, so together they are no lower. */
    out->total.peak_live_bytes = at_most(
        total_peak(page, out->total.live_bytes), out->total.peak_live_bytes);
}

static void
sum_profile(struct stats_snapshot *out, const struct stats_header *page)
{
    block_sums_profile(out, page);
    take_off_profile(out, &page->base);
    for (unsigned i = 0; i < WIDTH_BELOW_END; i++)
        out->below.calls = sat_add(out->below.calls, out->fallback_widths[i]);
    for (unsigned i = WIDTH_ABOVE; i < PAGE_WIDTHS; i++)
        out->above.calls = sat_add(out->above.calls, out->fallback_widths[i]);
}

/* The finished intervals, then the open one: the counts since the last. */
static void
take_series(struct stats_snapshot *out, const struct stats_header *page)
{
    for (int i = 0; i < SERIES_TRIES; i++)
        if (series_copy(page, out->interval, &out->intervals,
                        &out->interval_ns))
            break;
    struct stats_interval *open = &out->interval[out->intervals];
    open->gets = out->total.gets;
    open->hits = out->total.hits;
    open->misses = out->total.misses;
    open->live_bytes = out->total.live_bytes;
    for (uint32_t i = 0; i < out->intervals; i++) {
        open->gets = sat_sub(open->gets, out->interval[i].gets);
        open->hits = sat_sub(open->hits, out->interval[i].hits);
        open->misses = sat_sub(open->misses, out->interval[i].misses);
    }
    out->intervals++;
}

static enum stats_end
end_of(const struct stats_header *page)
{
    uint32_t end = LOAD(page->end);
    return end <= STATS_END_SIGNAL ? (enum stats_end)end : STATS_END_RUNNING;
}

#ifdef MIDPOOL_DEBUG
/* Sums that reached the end of their range prove nothing. */
static bool
is_saturated(const struct stats_counts *counts)
{
    for (unsigned i = 0; i < COUNTERS; i++)
        if (counter_value(counts, i) == UINT64_MAX)
            return true;
    return false;
}

static void
assert_equations(const struct stats_snapshot *snap)
{
    if (!is_saturated(&snap->total) && stats_broken_equation(snap, false))
        __builtin_trap();
}
#else
static void
assert_equations(const struct stats_snapshot *snap)
{
    (void)snap;
}
#endif

static uint64_t
block_gets(const struct stats_block *block)
{
    uint64_t gets = 0;
    for (unsigned bin = 0; bin < PAGE_BINS; bin++)
        gets = sat_add(gets, recent_read(block, bin).gets);
    return gets;
}

/* All gets so far: how far the process has come. */
static uint64_t
progress(const struct stats_header *page)
{
    uint64_t gets = 0;
    uint32_t end = blocks_end(page);
    for (uint32_t i = PAGE_FIRST_BLOCK; i < end; i++)
        gets = sat_add(gets, block_gets(stats_block_at(page, i)));
    return gets;
}

static bool
is_calm(const struct stats_header *page, uint64_t before)
{
    uint64_t gets = progress(page);
    uint64_t few = sat_add(gets / 100, blocks_end(page) * CALM_GETS);
    return sat_sub(gets, before) <= few;
}

static void
take_once(struct stats_snapshot *out, const struct stats_header *page,
          int64_t now_ns)
{
    /* Not by a compound literal, which clang builds on the stack: 10 KB. */
    memset(out, 0, sizeof(*out));
    out->page = page;
    out->end = end_of(page);
    out->usage = page->usage;
    int64_t end_ns = LOAD(page->end_monotonic_ns);
    if (end_ns == 0)
        end_ns = now_ns;
    int64_t duration = sat_sub_signed(end_ns, page->start_monotonic_ns);
    out->duration_ns = duration > 0 ? duration : 0;

    for (unsigned i = 0; i < PAGE_CLASSES; i++)
        out->classes[i].max_bytes = page->class_bytes[i];
    for (unsigned bin = 0; bin < PAGE_BINS; bin++)
        sum_bin(out, page, bin);
    sum_pools(out, page);
    out->peak_is_exact = peak_is_exact(page);
    out->purged_bytes = sum_purged(out);
    sum_profile(out, page);
}

void
stats_snapshot_take(struct stats_snapshot *out, const struct stats_header *page,
                    int64_t now_ns)
{
    out->sites = NULL;
    for (int i = 0; i < TAKE_TRIES; i++) {
        uint64_t before = progress(page);
        take_once(out, page, now_ns);
        if (is_calm(page, before))
            break;
    }
    take_series(out, page);
    assert_equations(out);
}

#define STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELAXED)

/* Returns the bin's gets. */
static uint64_t
rebase_bin(struct stats_header *page, unsigned bin)
{
    struct stats_base_bin *base = &page->base.bin[bin];
    struct stats_counts c = {0};
    uint32_t end = blocks_end(page);

    for (uint32_t i = PAGE_FIRST_BLOCK; i < end; i++)
        block_sums_add(&c, stats_block_at(page, i), bin);
    c.discards = LOAD(page->discards[bin]);
    c.warmups = LOAD(page->warmups[bin]);
#define NOTE(name) STORE(base->name, c.name);
    STATS_BASE_COUNTS(NOTE)
#undef NOTE
    STORE(base->live, (int64_t)(c.gets - c.puts));
    return c.gets;
}

/*
 * The sizes of a get that is under way may not be told yet: they are taken to
 * be of the most frequent size, so that sizes still add up to gets.
 */
static void
rebase_profile(struct stats_base *base, struct stats_snapshot *sums,
               uint64_t gets)
{
    unsigned most = 0;

    for (unsigned i = 0; i < PAGE_SIZES; i++) {
        gets -= sums->sizes[i];
        if (sums->sizes[i] > sums->sizes[most])
            most = i;
    }
    sums->sizes[most] += gets;
    for (unsigned i = 0; i < PAGE_SIZES; i++)
        STORE(base->sizes[i], sums->sizes[i]);
    for (unsigned i = 0; i < PAGE_WIDTHS; i++)
        STORE(base->fallback_calls[i], sums->fallback_widths[i]);
    STORE(base->below_bytes, sums->below.bytes);
    STORE(base->above_bytes, sums->above.bytes);
}

void
stats_snapshot_rebase(struct stats_header *page)
{
    static struct stats_snapshot sums; /* of one thread at a time */
    uint64_t gets = 0;
    int64_t live_bytes = 0;

    for (unsigned bin = 0; bin < PAGE_BINS; bin++) {
        unsigned class_index = page->bin_class[bin];
        gets += rebase_bin(page, bin);
        if (class_index < PAGE_CLASSES)
            live_bytes += page->base.bin[bin].live *
                          (int64_t)page->class_bytes[class_index];
    }
    STORE(page->base.live_bytes, live_bytes);
    memset(&sums, 0, sizeof(sums));
    block_sums_profile(&sums, page);
    rebase_profile(&page->base, &sums, gets);
}
