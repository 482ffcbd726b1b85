/*
 * live_sweep.h - removes stale live pages of the user; see live.h.
 *
 * A program sweeps when it starts; a forked child never does. A sweep judges a
 * page by its file's name and status. It opens the page of a dead process only
 * to mark or to remove it, and a page that a process of another PID namespace
 * has locked at most once a minute.
 */
#ifndef MIDPOOL_INTERPOSE_LIVE_SWEEP_H
#define MIDPOOL_INTERPOSE_LIVE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "page.h"

struct live_sweep_result {
    uint32_t generation; /* the next one for the pid */
    uint64_t bytes;      /* of all users' pages that are there now */
};

/*
 * Removes stale pages of the user. While all pages and the wanted bytes would
 * together take more than limit bytes, removes other pages of dead processes,
 * too. Marks earlier pages of this process, which has this pid and birth, as
 * ended by exec. Async-signal-safe.
 */
struct live_sweep_result live_sweep(int pid, const struct stats_birth *birth,
                                    uint64_t limit, size_t wanted);

/*
 * Removes the page at path, which has this process's pid in its name, if it
 * belongs to an earlier process of that pid. Async-signal-safe.
 */
bool live_sweep_earlier(const char *path, const struct stats_birth *birth);

#endif
