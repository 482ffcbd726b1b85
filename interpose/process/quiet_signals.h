/*
 * quiet_signals.h - blocks the signals that a system call raises in its caller.
 *
 * A write to a pipe without a reader, beyond the limit on the size of files, or
 * to a terminal from the background raises SIGPIPE, SIGXFSZ or SIGTTOU, which
 * would end or stop the program. These signals are blocked between begin and
 * end; those that were raised meanwhile are consumed before they are unblocked.
 * Signals that were pending before stay pending. Async-signal-safe.
 */
#ifndef MIDPOOL_INTERPOSE_QUIET_SIGNALS_H
#define MIDPOOL_INTERPOSE_QUIET_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

struct quiet_signals {
    sigset_t mask;    /* to be restored */
    sigset_t pending; /* the signals that were pending before */
    bool blocked;     /* the mask was changed; a filter may forbid that */
};

void quiet_signals_begin(struct quiet_signals *quiet);

/* error: the result of the calls in between, 0 or an errno value. */
void quiet_signals_end(const struct quiet_signals *quiet, int error);

#endif
