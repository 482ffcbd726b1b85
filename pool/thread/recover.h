/*
 * recover.h - a thread that left an operation by siglongjmp.
 *
 * Model     A signal handler may leave the code that it interrupted by
 *           siglongjmp, and a thread may be cancelled. An operation (fork.h)
 *           that was left so leaves behind: cache_self at cache_busy; a
 *           magazine or two that it had in hand, which are lost; and, if it
 *           held the slab lock, that lock and half changed tables. The thread
 *           detects this at its next slow path and mends all but the lost
 *           magazines. Other threads wait for the lock up to a second and then
 *           go on without it (lock.h).
 * Detection An operation is still under way, interrupted by a handler, while
 *           the frame of the function that began it exists: the stack pointer
 *           is below it or on a signal stack, and the frame's return address
 *           did not change.
 */
#ifndef MIDPOOL_POOL_RECOVER_H
#define MIDPOOL_POOL_RECOVER_H

#include "base.h"

/* Like recover_if_left, for a caller whose frame this is. */
bool recover_if_left_from(const void *frame);

/*
 * If the calling thread left an operation, mends its state and returns true;
 * cache_self is then the thread's own cache again, or cache_empty.
 * Inline, because the caller's frame counts: a function that begins an
 * operation has the same frame when it is called again from the same place.
 */
static always_inline bool
recover_if_left(void)
{
    return recover_if_left_from(__builtin_frame_address(0));
}

#endif
