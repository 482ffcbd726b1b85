/*
 * fork.h - finishing a fork in the child; the protocol itself is in pool.h.
 *
 * Invariant An operation lies between cache_enter and cache_leave. It takes
 *           slots out of one place (the program, a cache, the depots, slabs)
 *           and holds them until they are in another. Outside of operations,
 *           the state words and the child's own cache show where every slot
 *           is; within an operation they do not.
 *           A fork in a signal handler may come in the middle of an operation.
 *           The child then continues the operation on its return from the
 *           handler, and the end of it, cache_leave, finishes the fork.
 *           Until then fork_pending names the child's thread; no other thread
 *           may finish for it. Other threads that the child starts before
 *           that get no cache and no slots; their puts go to the slabs under
 *           the slab lock.
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

/* Finishes the caller's fork, if any. Requires that no operation runs. */
void fork_finish(void);

/* pool_fork_prepare, _parent and _child for an active pool. */
bool fork_prepare(void);
void fork_parent(void);
void fork_child(void);

#endif
