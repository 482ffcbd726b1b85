/*
 * early.h - prepares the library for the first allocation.
 *
 *   (nothing) --first allocation--> early: the pools serve, with the options
 *   that could be read by then --constructor--> ready (lifecycle.c) --fork-->
 *   ready, with counters that start again.
 *
 * The first allocation may come before any constructor has run. Nothing is
 * torn down at exit.
 */
#ifndef MIDPOOL_INTERPOSE_EARLY_H
#define MIDPOOL_INTERPOSE_EARLY_H

#include "options.h"

/*
 * Makes the pools ready and registers the fork handlers. Called by the first
 * allocation and by the constructor; later calls return at once. A nested call,
 * which an allocation within the first one causes, returns at once as well,
 * although the pools serve nothing yet.
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
 * Says that the constructor is done. From now on `forked` is called in every
 * forked child, under a guard (call_guard.h), after the pools and jemalloc have
 * become usable again.
 */
void early_ready(void (*forked)(void));

/* Has early_ready been called? */
bool early_is_ready(void);

#endif
