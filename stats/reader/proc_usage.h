/*
 * proc_usage.h - the kernel's counts for another process: its memory and its
 * CPU time (midpool-snapshot only).
 */
#ifndef MIDPOOL_STATS_PROC_USAGE_H
#define MIDPOOL_STATS_PROC_USAGE_H

#include <stdint.h>

#include "snapshot.h"

/*
 * Fills rss_bytes and usage from /proc/PID/status and /proc/PID/stat; leaves
 * them where those can not be read. The kernel tells the CPU time of another
 * process in ticks, usually of 10 ms.
 */
void stats_proc_usage_read(struct stats_snapshot *snap, int32_t pid);

#endif
