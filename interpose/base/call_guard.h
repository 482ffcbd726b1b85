/*
 * call_guard.h - keeps errno and cancellation as the thread left them.
 *
 * A thread may not be cancelled in free, fork, exit or the program's signal
 * handlers, and these leave errno alone. open, write and nanosleep, which
 * reports and messages need, are cancellation points; a guard disables them:
 *
 *     struct call_guard mark;
 *     call_guard_begin(&mark);
 *     ...
 *     call_guard_end(&mark);
 *
 * A request to cancel that came meanwhile stays pending. Async-signal-safe
 * in glibc, where both are a matter of the thread's own words.
 */
#ifndef MIDPOOL_INTERPOSE_CALL_GUARD_H
#define MIDPOOL_INTERPOSE_CALL_GUARD_H

#include <errno.h>
#include <pthread.h>

struct call_guard {
    int error;
    int cancel_state;
};

static inline void
call_guard_begin(struct call_guard *mark)
{
    mark->error = errno;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mark->cancel_state);
}

static inline void
call_guard_end(const struct call_guard *mark)
{
    (void)pthread_setcancelstate(mark->cancel_state, NULL);
    errno = mark->error;
}

#endif
