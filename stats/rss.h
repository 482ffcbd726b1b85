/*
 * rss.h - the memory of a whole process, as the kernel counts it.
 */
#ifndef MIDPOOL_STATS_RSS_H
#define MIDPOOL_STATS_RSS_H

#include <stdint.h>

#include "snapshot.h"

/*
 * Fills rss_bytes and peak_rss_bytes from /proc/PID/status; leaves zero
 * where that can not be read. Opens and closes a descriptor, so it is kept
 * apart from stats_snapshot_take: a program in a sandbox may not open files.
 * Async-signal-safe; 4 KB of stack.
 */
void stats_rss_read(struct stats_snapshot *snap, int32_t pid);

#endif
