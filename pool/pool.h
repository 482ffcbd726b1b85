/*
 * pool.h - the pools' interface for interpose, without the fast path
 * (fast.h).
 *
 * The pool knows nothing of interposing: it serves buffers of 2048 to 65536
 * bytes from its own range of address space and counts what it does in a
 * statistics page (page.h), which it lays out itself. Where it can not serve it
 * returns NULL and the caller goes elsewhere.
 */
#ifndef MIDPOOL_POOL_POOL_H
#define MIDPOOL_POOL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool_types.h"

struct stats_header;

/*
 * From now on about one get in so many requested bytes is a sample.
 * seed 0: another one in each thread, each time. Requires that only one thread
 * runs. Threads without a cache take part.
 */
void pool_sample_start(const struct pool_sampler *sampler,
                       struct pool_sample_rate rate, uint64_t seed);

/*
 * From now on some gets are guarded. guard stays the caller's, and as it is.
 * False: there is no address space. Requires that only one thread runs.
 */
bool pool_guard_start(const struct pool_guard *guard);

/*
 * An access to address faulted: what does it mean? False: it is not about a
 * guarded buffer. Async-signal-safe.
 */
bool pool_guard_explain(const void *address, struct pool_guard_find *find);

/*
 * Looks at what lies beside the live guarded buffers and tells of changes, at
 * the end of a process that never had a second thread.
 */
void pool_guard_end(void);

/*
 * Reserves address space and makes the pools ready. Call once, before any
 * other function; until then every get returns NULL and owns nothing.
 * False, with a reason in the page, when no address space could be had.
 */
bool pool_init(const struct pool_config *config);

/* Takes the effective options when they are known (before or after init). */
void pool_configure(const struct pool_config *config);

/* The statistics page. Never NULL; anonymous until pool_page_share. */
struct stats_header *pool_page(void);

/*
 * Moves the statistics page into the file behind fd, which is at least
 * pool_page_bytes long: from now on the file holds the counters. The caller
 * may close fd afterwards. False, with nothing changed, when it can not be.
 * may_grow, if not NULL, says whether
 * the file may take so many bytes more of its file system; it is asked before
 * the page gets a block for one more thread, which otherwise counts in the
 * shared block. It holds the slab lock and must be async-signal-safe.
 * Requires that only one thread runs: at start-up, or in a forked child.
 */
bool pool_page_share(int fd, bool (*may_grow)(size_t bytes));
size_t pool_page_bytes(void);

/*
 * Makes count buffers of the class that holds bytes ready, pages present.
 * Returns how many were: fewer when memory or pool_max_bytes ran out.
 */
size_t pool_warm(size_t bytes, size_t count);

/*
 * Gives all idle memory back that no other thread's cache holds. Returns
 * bytes given back.
 */
size_t pool_purge(void);

/* Moves the slots of the calling thread's cache to the depots. */
void pool_flush(void);

/*
 * The system refused memory: gives back what is idle as pool_purge does, with
 * its address space. Returns the bytes of that. Allocates nothing, and calls no
 * handler: the caller may hold the fallback allocator's locks. Keeps errno.
 */
size_t pool_unmap(void);

/*
 * For the purge thread: the work of a busy thread's decay tick. Returns in how
 * many ns the next one is due; INT64_MAX: never.
 */
int64_t pool_tick(void);

/*
 * Publishes the calling thread's share of live counts and closes the curve's
 * current interval if it is over; call before a snapshot.
 */
void pool_stats_publish(void);

/*
 * The same at the end of the process. Where there were several threads, slots
 * that two of them put at once and that nobody took out since are found now:
 * what the depots and the calling thread hold goes to the slabs.
 */
void pool_stats_end(void);

/*
 * All counters to zero; puts of buffers got before count as inherited. Other
 * threads may run. Within an operation of the same thread it does nothing.
 */
void pool_stats_reset(void);

/*
 * Around fork: prepare before it, then parent or child after it. prepare
 * holds the slab lock. The depots and caches need no lock, since the child
 * rebuilds them from the slots' state words. Async-signal-safe, also when the
 * handler interrupted an allocation of the same thread.
 *
 * prepare is the last of all to lock, and waits for some ms at most. False:
 * the caller must give its own locks back and begin anew, since the slab
 * lock's holder may be a handler that waits for them in order to fork.
 */
bool pool_fork_prepare(void);
void pool_fork_parent(void);

/*
 * In a forked child: counters start from zero, and locks that other threads
 * held are initialised. Free slots of other threads' caches are found again
 * from the state words at the end of the operation that the fork interrupted,
 * or at once. Thread: the only one. Async-signal-safe.
 */
void pool_fork_child(void);

#endif
