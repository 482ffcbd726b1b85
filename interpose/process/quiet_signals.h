/*
 * quiet_signals.h - the signals that a system call raises for its caller.
 *
 * A write to a pipe without a reader, beyond the limit on files' sizes or from
 * a terminal's background raises SIGPIPE, SIGXFSZ or SIGTTOU, which would end
 * the program. Between begin and end they are blocked; those that were raised
 * meanwhile are consumed before they are unblocked. Signals that were pending
 * before stay pending. Async-signal-safe.
 */
#ifndef MIDPOOL_INTERPOSE_QUIET_SIGNALS_H
#define MIDPOOL_INTERPOSE_QUIET_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct quiet_signals {
    sigset_t mask;    /* to be restored */
    sigset_t pending; /* as they were */
    bool blocked;     /* the mask was changed: a filter may forbid it */
};

void quiet_signals_begin(struct quiet_signals *quiet);

/* error: the result of the calls in between, 0 or an errno value. */
void quiet_signals_end(const struct quiet_signals *quiet, int error);

#endif
