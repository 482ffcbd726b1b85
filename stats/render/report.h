/*
 * report.h - renderings of a snapshot.
 *
 * Every rendering writes into a caller's buffer through a sink: no stdio, no
 * allocation, no lock, no system call, async-signal-safe, under 4 KB of stack.
 * The whole report is complete before the first byte leaves the process, so
 * that it goes out in one write.
 */
#ifndef MIDPOOL_STATS_REPORT_H
#define MIDPOOL_STATS_REPORT_H

#include <stddef.h>

#include "render.h"

/* Enough for any rendering (asserted by a test with all numbers at 2^64-1). */
enum { REPORT_MAX_BYTES = 256 * 1024 };

/*
 * Renders snap into buf and returns the length in bytes, without a final NUL.
 * Text that does not fit is cut at the last whole line, never overrun.
 */
size_t report_render(enum report_format format,
                     const struct report_style *style,
                     const struct stats_snapshot *snap, char *buf, size_t size);

/* The format's file ending, without a dot: txt, json, prom or csv. */
const char *report_extension(enum report_format format);

#endif
