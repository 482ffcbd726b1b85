/* quiet_signals.c - see quiet_signals.h. */
#include "quiet_signals.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

static const int raised_by_calls[] = {SIGPIPE, SIGXFSZ, SIGTTOU};
enum { RAISED = sizeof raised_by_calls / sizeof raised_by_calls[0] };

void
quiet_signals_begin(struct quiet_signals *quiet)
{
    sigset_t raised;

    sigemptyset(&raised);
    for (size_t i = 0; i < RAISED; i++)
        sigaddset(&raised, raised_by_calls[i]);
    pthread_sigmask(SIG_BLOCK, &raised, &quiet->mask);
    sigpending(&quiet->pending);
}

/* Takes back what is pending now and was not before. */
static void
drain(const sigset_t *before)
{
    static const struct timespec at_once = {0};
    sigset_t fresh;
    bool any = false;

    sigemptyset(&fresh);
    for (size_t i = 0; i < RAISED; i++) {
        if (!sigismember(before, raised_by_calls[i])) {
            sigaddset(&fresh, raised_by_calls[i]);
            any = true;
        }
    }
    while (any && sigtimedwait(&fresh, NULL, &at_once) > 0) {
    }
}

void
quiet_signals_end(const struct quiet_signals *quiet, int error)
{
    if (error == EPIPE || error == EFBIG)
        drain(&quiet->pending);
    pthread_sigmask(SIG_SETMASK, &quiet->mask, NULL);
}
