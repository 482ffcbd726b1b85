/*
 * unnoticed.h - keeps errno and cancellation as the thread left them.
 *
 * Free, fork and exit, and the program's signal handlers, are no points at
 * which a thread may be cancelled, and leave errno alone. The open, write and
 * nanosleep of a report or message are such points:
 *
 *     struct unnoticed mark;
 *     unnoticed_begin(&mark);
 *     ...
 *     unnoticed_end(&mark);
 *
 * A request to cancel that came meanwhile stays pending. Async-signal-safe
 * in glibc, where both are a matter of the thread's own words.
 */
#ifndef MIDPOOL_INTERPOSE_UNNOTICED_H
#define MIDPOOL_INTERPOSE_UNNOTICED_H

#include <errno.h>
#include <pthread.h>

struct unnoticed {
    int error;
    int cancel_state;
};

static inline void
unnoticed_begin(struct unnoticed *mark)
{
    mark->error = errno;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mark->cancel_state);
}

static inline void
unnoticed_end(const struct unnoticed *mark)
{
    (void)pthread_setcancelstate(mark->cancel_state, NULL);
    errno = mark->error;
}

#endif
