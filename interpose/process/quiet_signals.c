/* quiet_signals.c - see quiet_signals.h. */
#include "quiet_signals.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "sandbox.h"

static const int raised_by_calls[] = {SIGPIPE, SIGXFSZ, SIGTTOU};
enum { RAISED = sizeof raised_by_calls / sizeof raised_by_calls[0] };

/*
 * A signal can be pending already only if it was blocked already, which is
 * rare. sigpending is called only then, because some filters kill the process
 * for it.
 */
static void
note_pending(struct quiet_signals *quiet)
{
    bool any = false;

    sigemptyset(&quiet->pending);
    for (size_t i = 0; i < RAISED; i++) {
        if (sigismember(&quiet->mask, raised_by_calls[i])) {
            sigaddset(&quiet->pending, raised_by_calls[i]);
            any = true;
        }
    }
    if (any && sandbox_allows(SANDBOX_PENDING))
        sigpending(&quiet->pending);
}

void
quiet_signals_begin(struct quiet_signals *quiet)
{
    sigset_t raised;

    quiet->blocked = sandbox_allows(SANDBOX_MASK);
    if (!quiet->blocked)
        return;
    sigemptyset(&raised);
    for (size_t i = 0; i < RAISED; i++)
        sigaddset(&raised, raised_by_calls[i]);
    pthread_sigmask(SIG_BLOCK, &raised, &quiet->mask);
    note_pending(quiet);
}

/* Consumes signals that became pending meanwhile. */
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

/*
 * If a signal was raised and a filter forbids to consume it, the signals stay
 * blocked; it would end the process.
 */
void
quiet_signals_end(const struct quiet_signals *quiet, int error)
{
    bool raised = error == EPIPE || error == EFBIG;

    if (!quiet->blocked || (raised && !sandbox_allows(SANDBOX_TAKE)))
        return;
    if (raised)
        drain(&quiet->pending);
    pthread_sigmask(SIG_SETMASK, &quiet->mask, NULL);
}
