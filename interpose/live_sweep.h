/* live_sweep.h - the pages of the user's other processes; see live.h. */
#ifndef MIDPOOL_INTERPOSE_LIVE_SWEEP_H
#define MIDPOOL_INTERPOSE_LIVE_SWEEP_H

#include <stdint.h>

#include "page.h"

/*
 * Removes stale pages, marks this process's earlier ones as ended by exec,
 * and returns the generation that comes next for pid, the process of that
 * birth. Async-signal-safe.
 */
uint32_t live_sweep(int pid, const struct stats_birth *birth);

#endif
