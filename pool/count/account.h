/*
 * account.h - the statistics page and its changes outside the fast path.
 *
 * Ownership  The page's layout and meaning are in page.h. A thread's block is
 *            written by the thread alone, without atomics. In the header,
 *            warm-ups and adopted slots are written under the slab lock;
 *            discards and published live counts are atomic.
 * Shared     Threads without a cache count in the block BLOCK_SHARED. Each of
 *            its counters is changed in one of two ways, never in both:
 *
 *              under the slab lock, plainly    gets and their bytes (recent,
 *                granted, folded, fold, sizes), depot_hits, misses, published,
 *                peak, peak_bytes, published_bytes, share_version, alone
 *              by atomics, also without it     puts, remote_puts,
 *                inherited_puts, headroom, the counts of note.h,
 *                fallback_calls, below_granted, above_bytes
 *
 *            Those of the second kind are counted where the lock may not be
 *            had: by a signal handler that interrupted an operation, by a put
 *            while the lock is lost, and by requests that no pool serves. A
 *            forked child alone zeroes the whole block plainly (fork.c). Reads
 *            of either kind are atomic loads where others may write.
 */
#ifndef MIDPOOL_POOL_ACCOUNT_H
#define MIDPOOL_POOL_ACCOUNT_H

#include <stdint.h>

#include "base.h"
#include "page.h"
#include "recent.h"
#include "size_class.h"

/* The block of threads without a cache, and the first one with a cache. */
enum {
    BLOCK_SHARED = PAGE_FIRST_BLOCK,
    BLOCK_FIRST = PAGE_FIRST_BLOCK + 1,
};

/* The page: static at first, then in the thread area (cache_area.c). */
extern hidden struct stats_header *account_page;

/*
 * Moves the page, with its counts, to memory that reads as zero. The caller
 * then describes the header. Untouched pages stay untouched, because each costs
 * a page fault at the start of every process.
 */
void account_move(struct stats_header *page);

/* The block that threads without a cache count in. */
struct stats_block *account_shared(void);

/* Slots that the block's thread got, minus those it put; may be negative. */
static inline int64_t
account_share(const struct stats_block *block, unsigned bin)
{
    const struct stats_hot *hot = &block->hot[bin];

    return (int64_t)(recent_gets(hot) -
                     __atomic_load_n(&hot->puts, __ATOMIC_RELAXED));
}

static inline void
account_adopted(unsigned bin, int64_t slots)
{
    account_page->adopted[bin] += slots;
}

/* Thread: any. */
static inline void
account_discards(unsigned bin, uint64_t slots)
{
    __atomic_fetch_add(&account_page->discards[bin], slots, __ATOMIC_RELAXED);
    __atomic_fetch_add(&account_page->purged_bytes,
                       slots * bin_info[bin].slot_bytes, __ATOMIC_RELAXED);
}

static inline void
account_warmups(unsigned bin, uint64_t slots)
{
    account_page->warmups[bin] += slots;
}

/* Was there never more than one thread at a time? */
bool account_alone(void);

/* Idle slots of a bin, as the page's header defines them. */
int64_t account_idle(unsigned bin);

/* The idle slots of all bins, in bytes. */
uint64_t account_idle_bytes(void);

/*
 * Adds live bytes of a get, whose other counts are done. With several threads
 * it publishes the share if that has risen by its step. True: the process has
 * one thread, and its live bytes reached a new peak. Thread: the holder.
 */
bool account_live_more(struct stats_block *block, uint32_t slot_bytes);

/*
 * Subtracts one put of the bin, because a buffer was put twice. The shared
 * block requires the slab lock.
 */
void account_put_undone(struct stats_block *block, unsigned bin);

/* Was the block's thread the only one until now? */
static inline bool
account_has_company(const struct stats_block *block)
{
    return block->alone && !account_alone();
}

/* See cache_publish. Thread: the block's holder. */
void account_publish(struct stats_block *block);

/* Closes the curve's interval when it is over. Thread: any. */
void account_curve(int64_t now_ns);

/*
 * Sets counters to zero and keeps the counts of idle slots. If there were
 * several threads, their blocks count on, and the counts of this moment are
 * subtracted from now on. Requires slab_lock.
 */
void account_reset(void);

/*
 * A put that came during a reset among threads may count after it, and its get
 * before: more puts than gets. Those are subtracted as well, as they would hide
 * later gets. Thread: any.
 */
void account_mend_base(void);

/*
 * After a reset: the present shares become the highest ones. Thread: the
 * block's holder.
 */
void account_forget_peaks(struct stats_block *block);

/*
 * In a forked child: sets the counters of the shared block, of the thread's own
 * block (NULL: none) and of the header to zero.
 */
void account_restart(struct stats_block *own);

/*
 * Replaces the page by a private one of an inactive pool, with the reason.
 * Thread: the only one.
 */
void account_leave(const char *reason);

#endif
