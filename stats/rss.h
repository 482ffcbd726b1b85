/*
 * rss.h - the memory of a whole process, as the kernel counts it
 * (midpool-snapshot only).
 */
#ifndef MIDPOOL_STATS_RSS_H
#define MIDPOOL_STATS_RSS_H

#include <stdint.h>

#include "snapshot.h"

/*
 * Fills rss_bytes and peak_rss_bytes from /proc/PID/status; leaves them
 * where that can not be read.
 */
void stats_rss_read(struct stats_snapshot *snap, int32_t pid);

#endif
