/*
 * fork.h - finishing a fork in the child; the protocol itself is in pool.h.
 *
 * Invariant An operation is what a thread does between cache_enter and
 *           cache_leave: everything that takes slots out of one place (the
 *           program's hands, a cache, the depots, slabs) and has them in hand
 *           until they are in another. Outside of operations a child can
 *           tell from the state words and from its own cache where every
 *           slot is; inside it can not.
 *           A fork in a signal handler may come in the middle of one. The
 *           child then goes on with the operation on its return from the
 *           handler, and only its end finishes the fork, in cache_leave.
 *           Until then fork_pending names the child's thread; nobody else
 *           may, or could, finish for it. Other threads that the child
 *           starts before that get no cache and no slots, and what they put
 *           goes to the slabs under the slab lock.
 */
#ifndef MIDPOOL_POOL_FORK_H
#define MIDPOOL_POOL_FORK_H

#include <stdatomic.h>

#include "base.h"

/* lock_self() of a child's thread that has to finish its fork; 0: none. */
extern hidden _Atomic uintptr_t fork_pending;

static inline bool
fork_is_pending(void)
{
    return atomic_load_explicit(&fork_pending, memory_order_acquire) != 0;
}

/* Finishes it, if it is the caller's. Requires that no operation runs. */
void fork_finish(void);

/* The steps of pool_fork_prepare and so on, of an active pool. */
bool fork_prepare(void);
void fork_parent(void);
void fork_child(void);

#endif
