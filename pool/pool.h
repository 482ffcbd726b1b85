/*
 * pool.h - the pools' interface for interpose, without the fast path
 * (fast.h).
 *
 * The pool knows nothing of interposing: it serves buffers of 2048 to 65536
 * bytes from its own range of address space and counts what it does in a
 * statistics page (page.h), which it lays out itself. If it can not serve a
 * request it returns NULL, and the caller uses the fallback.
 */
#ifndef MIDPOOL_POOL_POOL_H
#define MIDPOOL_POOL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pool_types.h"

struct stats_header;

/*
 * Starts sampling: about one get per rate of requested bytes is a sample, also
 * in threads without a cache. seed 0: a random seed for each thread. Requires
 * that only one thread runs.
 */
void pool_sample_start(const struct pool_sampler *sampler,
                       struct pool_sample_rate rate, uint64_t seed);

/*
 * Starts guarding some gets. guard stays the caller's, who must not change it.
 * False: there is no address space. Requires that only one thread runs.
 */
bool pool_guard_start(const struct pool_guard *guard);

/*
 * Explains a faulting access to address. False: it has nothing to do with a
 * guarded buffer. Async-signal-safe.
 */
bool pool_guard_explain(const void *address, struct pool_guard_find *find);

/*
 * Checks the bytes beside all live guarded buffers and reports changes; for the
 * end of a process that never had a second thread.
 */
void pool_guard_end(void);

/*
 * Reserves address space and makes the pools ready. Call once, before any
 * other function; until then every get returns NULL and no pointer is owned.
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
 * may close fd afterwards. False, with nothing changed, if that fails.
 * may_grow, if not NULL, is called before the page gets a block for one more
 * thread. It says whether the file may take that many bytes more of its file
 * system; if not, the thread counts in the shared block. It is called under the
 * slab lock and must be async-signal-safe.
 * Requires that only one thread runs: at start-up, or in a forked child.
 */
bool pool_page_share(int fd, bool (*may_grow)(size_t bytes));
size_t pool_page_bytes(void);

/*
 * Makes count buffers of the class for bytes ready, with their pages present.
 * Returns their number: fewer if memory or pool_max_bytes ran out.
 */
size_t pool_warm(size_t bytes, size_t count);

/*
 * Returns all idle memory to the system, except that in other threads' caches.
 * Returns its bytes.
 */
size_t pool_purge(void);

/* Moves the slots of the calling thread's cache to the depots. */
void pool_flush(void);

/*
 * For a refusal of memory by the system: returns idle slabs with their address
 * space, and the bytes of it. Allocates nothing and calls no handler, because
 * the caller may hold the fallback allocator's locks. Keeps errno.
 */
size_t pool_unmap(void);

/*
 * For the purge thread: the work of a busy thread's decay tick. Returns the ns
 * until the next one is due; INT64_MAX: never.
 */
int64_t pool_tick(void);

/*
 * Publishes the calling thread's share of live counts and closes the curve's
 * current interval if it is over; call before a snapshot.
 */
void pool_stats_publish(void);

/*
 * The same at the end of the process. If there were several threads, the slots
 * of the depots and of the calling thread go to their slabs, which detects
 * slots that two threads put at once and that nobody took out since.
 */
void pool_stats_end(void);

/*
 * Sets all counters to zero. Puts of buffers that were got before count as
 * inherited. Other threads may run. Does nothing within an operation of the
 * same thread.
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
 * In a forked child: counters start from zero, and a slab lock that was lost is
 * taken over. The free slots of other threads' caches are found again from the
 * state words: at once, or at the end of the operation that the fork
 * interrupted. Thread: the only one. Async-signal-safe.
 */
void pool_fork_child(void);

#endif
