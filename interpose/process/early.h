/*
 * early.h - prepares the library for the first allocation.
 *
 *   (nothing) --first allocation--> early: the pools serve, with the options
 *   that could be read by then --constructor--> ready (lifecycle.c) --fork-->
 *   ready, counting anew.
 *
 * The first allocation may come before any constructor ran. Nothing is ever
 * torn down.
 */
#ifndef MIDPOOL_INTERPOSE_EARLY_H
#define MIDPOOL_INTERPOSE_EARLY_H

#include "options.h"

/*
 * Makes the pools ready and registers the fork handlers. Called by the first
 * allocation and by the constructor; later calls return at once. A call during
 * another one, caused by an allocation of ours, returns at once as well; the
 * pools then serve nothing yet.
 */
void early_start(void);

/*
 * Reads the options from entries, the environment, and passes their part to the
 * pools. complain may be NULL: bad items are then ignored silently. The result
 * is static. Thread: the constructor's.
 */
struct options *early_read_options(char *const *entries,
                                   options_complaint *complain);

/*
 * The constructor is done: from now on forked is called in every forked child,
 * under a guard (call_guard.h), after the pools and jemalloc are usable again.
 */
void early_ready(void (*forked)(void));

/* Has early_ready been called? */
bool early_is_ready(void);

#endif
