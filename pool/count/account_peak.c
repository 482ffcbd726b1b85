/*
 * account_peak.c - live counts that threads publish, and the highest of them.
 *
 * Model     With one thread the peak is its own, and exact. With several, a
 *           share is known only to its thread, and the sum of the highest
 *           share of each is no peak, because they were reached at different
 *           times. A thread therefore publishes its share whenever it has risen
 *           by a step. Once enough growth was published (peak_credit), the
 *           publishing thread adds up the shares of all threads as they are
 *           at that moment, and the highest such sum is the peak.
 * Bounds    That sum was really reached. The true peak is higher by at most a
 *           step and a part of the growth for each thread (64 KB together),
 *           and 2 % in all.
 * Ownership A block's thread writes its share. The shared block is written
 *           under slab_lock; only its headroom is also raised by puts that may
 *           not take the lock, so it is changed by atomic additions only. The
 *           sums are atomic.
 */
#include "account.h"
#include "os.h"
#include "share.h"

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
 * starts afresh, and the peak of a thread while it was the only one is a peak
 * of its own.
 */
static void
raise_for_share(int64_t *peak, int64_t live, int64_t own_peak, int64_t share,
                bool was_alone)
{
    raise_to(peak, was_alone ? live : live + own_peak - share);
    if (was_alone)
        raise_to(peak, own_peak);
}

static void
publish_bin(struct stats_block *block, unsigned bin)
{
    struct stats_cold *cold = &block->cold[bin];
    int64_t share = account_share(block, bin);
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

/* Threads that have a block now, at least one. */
static int64_t
threads_now(void)
{
    uint32_t now =
        __atomic_load_n(&account_page->threads_now, __ATOMIC_RELAXED);

    return now > 0 ? now : 1;
}

/* Adds to the headroom and returns the new value. See Ownership. */
static int64_t
add_headroom(struct stats_block *block, int64_t bytes)
{
    if (block == account_shared())
        return __atomic_add_fetch(&block->headroom, bytes, __ATOMIC_RELAXED);
    COUNT_ADD(block->headroom, bytes);
    return block->headroom;
}

/* Sets share and headroom; was is the headroom that share was computed from. */
static void
write_share(struct stats_block *block, int64_t share, int64_t was,
            int64_t headroom)
{
    share_begin(block);
    __atomic_store_n(&block->peak_bytes, share + headroom, __ATOMIC_RELAXED);
    (void)add_headroom(block, headroom - was);
    share_end(block);
}

enum {
    STEP_BYTES = 32 << 10,   /* a share's step, but at most 1/4 of it */
    GROWTH_BYTES = 32 << 10, /* published between two sums, per thread */
    PEAK_SHARE = 128,        /* or this part of the peak, if it is more */
    FIRST_SHARE = 8,         /* at most this part of a small peak */
};

/* The rise of a share after which it is published again. */
static int64_t
share_step(int64_t share)
{
    int64_t peak = __atomic_load_n(&account_page->peak_bytes, __ATOMIC_RELAXED);
    int64_t most = peak / PEAK_SHARE / threads_now();

    if (most < STEP_BYTES)
        most = STEP_BYTES;
    if (share / 4 < most)
        most = share / 4;
    return most > 0 ? most : 0;
}

static int64_t
growth_allowed(int64_t peak)
{
    int64_t growth = GROWTH_BYTES * threads_now();

    if (growth > peak / FIRST_SHARE)
        growth = peak / FIRST_SHARE;
    return growth > peak / PEAK_SHARE ? growth : peak / PEAK_SHARE;
}

/*
 * Raises the classes' peaks at a peak of the total, from the counters
 * themselves, so that their sum is no lower than the total's peak.
 */
static void
raise_bins(void)
{
    for (unsigned bin = 0; bin < BINS; bin++) {
        int64_t live = 0;

        for (uint32_t i = BLOCK_SHARED; i < account_page->blocks_used; i++) {
            const struct stats_block *block = stats_block_at(account_page, i);

            live += (int64_t)(recent_read(block, bin).gets -
                              __atomic_load_n(&block->hot[bin].puts,
                                              __ATOMIC_RELAXED));
        }
        raise_to(&account_page->peak[bin], live);
    }
}

/* Adds up all shares; credit is the rest of peak_credit, below 0. */
static void
look_for_peak(int64_t credit)
{
    int64_t peak = __atomic_load_n(&account_page->peak_bytes, __ATOMIC_RELAXED);
    int64_t live = 0;

    for (uint32_t i = BLOCK_SHARED; i < account_page->blocks_used; i++)
        live += share_read(stats_block_at(account_page, i));
    if (live > peak) {
        raise_to(&account_page->peak_bytes, live);
        __atomic_store_n(&account_page->peak_monotonic_ns, os_now_ns(),
                         __ATOMIC_RELAXED);
        raise_bins();
        peak = live;
    }
    __atomic_add_fetch(&account_page->peak_credit,
                       growth_allowed(peak) + peak - live - credit,
                       __ATOMIC_RELAXED);
}

static void
publish_bytes(struct stats_block *block)
{
    int64_t headroom = __atomic_load_n(&block->headroom, __ATOMIC_RELAXED);
    int64_t share = block->peak_bytes - headroom;
    int64_t risen = share - block->published_bytes;

    __atomic_add_fetch(&account_page->live_bytes, risen, __ATOMIC_RELAXED);
    if (block->alone)
        raise_to(&account_page->peak_bytes, block->peak_bytes);
    block->published_bytes = share;
    write_share(block, share, headroom, share_step(share));
    if (risen > 0) {
        int64_t credit = __atomic_sub_fetch(&account_page->peak_credit, risen,
                                            __ATOMIC_RELAXED);

        if (credit < 0)
            look_for_peak(credit);
    }
}

/*
 * Publishes all classes at once. The classes' peaks then add up to no less than
 * the total's, because a sum of maxima is no less than the maximum of the sum.
 */
void
account_publish(struct stats_block *block)
{
    if (account_alone())
        return;
    for (unsigned bin = 0; bin < BINS; bin++)
        publish_bin(block, bin);
    publish_bytes(block);
    __atomic_store_n(&block->alone, 0, __ATOMIC_RELAXED);
}

bool
account_live_more(struct stats_block *block, uint32_t slot_bytes)
{
    int64_t headroom = add_headroom(block, -(int64_t)slot_bytes);

    if (headroom >= 0)
        return false;
    if (!account_alone()) {
        account_publish(block);
        return false;
    }
    block->peak_bytes -= headroom;
    (void)add_headroom(block, -headroom);
    return true;
}

void
account_put_undone(struct stats_block *block, unsigned bin)
{
    __atomic_fetch_sub(&block->hot[bin].puts, 1, __ATOMIC_RELAXED);
    (void)account_live_more(block, bin_info[bin].slot_bytes);
}
