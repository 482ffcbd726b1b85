/*
 * recover.h - a thread that left an operation by siglongjmp.
 *
 * Model     A signal handler may leave whatever it interrupted by siglongjmp,
 *           a thread may be cancelled. Of an operation (fork.h) that was left
 *           remain: cache_self at cache_busy; what the operation had in hand,
 *           a magazine or two, which nobody gets any more; and, if it had the
 *           slab lock, that lock and tables half changed. The thread finds out
 *           at its next slow path and mends all of it. Other threads wait for
 *           the lock for a moment and then go without (lock.h).
 * Finding   An operation is still under way, interrupted by a handler, as long
 *   out     as the frame of the function that began it is there: the thread's
 *           stack lies below it, or is another, one for signals, and its
 *           return address did not change.
 */
#ifndef MIDPOOL_POOL_RECOVER_H
#define MIDPOOL_POOL_RECOVER_H

#include "base.h"

/* recover_if_left for a caller with that frame. */
bool recover_if_left_from(const void *frame);

/*
 * Mends the state that an operation of the calling thread left, if it left one:
 * True, and cache_self is the thread's own cache again, or the empty one.
 * Inline, because it is the caller's frame that counts: a function that begins
 * an operation has the same one when it is called again from the same place.
 */
static always_inline bool
recover_if_left(void)
{
    return recover_if_left_from(__builtin_frame_address(0));
}

#endif
