/*
 * live_sweep.h - the pages of the user's other processes; see live.h.
 *
 * A program sweeps when it starts, a forked child never. A sweep looks at
 * each page's file by name and status; it opens one only to mark it, once
 * after its process died, and where a living process of another PID
 * namespace holds it at most once a minute.
 */
#ifndef MIDPOOL_INTERPOSE_LIVE_SWEEP_H
#define MIDPOOL_INTERPOSE_LIVE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

struct live_sweep_result {
    uint32_t generation; /* the one that comes next for the pid */
    uint64_t bytes;      /* of all users' pages that are there now */
};

/*
 * Removes stale pages of the user's, more of them where all pages and the
 * wanted bytes together would take more than limit bytes, and marks the
 * earlier pages of pid, the process of that birth, as ended by exec.
 * Async-signal-safe.
 */
struct live_sweep_result live_sweep(int pid, const struct stats_birth *birth,
                                    uint64_t limit, size_t wanted);

/*
 * Removes the page at path, which has our pid in its name, if it belongs to a
 * process that had the pid before. Async-signal-safe.
 */
bool live_sweep_earlier(const char *path, const struct stats_birth *birth);

#endif
