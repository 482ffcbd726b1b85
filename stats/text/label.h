/*
 * label.h - labels of OpenMetrics reports.
 *
 * Labels are given by the user as "name=value+name=value" (option
 * report_labels). Within a value "\+" is a plus sign and "\\" a backslash.
 * A name is made of letters, digits and underscores, does not begin with a
 * digit or two underscores, is none of midpool's own labels, and comes once.
 * A value is UTF-8 without control characters, and not empty.
 *
 * Pure functions; async-signal-safe.
 */
#ifndef MIDPOOL_STATS_LABEL_H
#define MIDPOOL_STATS_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#include "sink.h"

enum { LABEL_ALL_BYTES = 192, LABEL_COUNT_MAX = 16 };

/*
 * True if text holds valid labels only, at most LABEL_COUNT_MAX of them, and is
 * shorter than LABEL_ALL_BYTES. An empty text is valid.
 */
bool label_all_valid(const char *text);

/*
 * Writes the labels as ,name="value" each, escaped for Prometheus. Of a text
 * that is not valid, the labels before the first fault.
 */
void label_write_all(struct sink *sink, const char *text);

/*
 * Writes a value's text with the escapes, without quotes: at most max_bytes
 * of it before the escapes. Control characters become '?', and bytes that are
 * no UTF-8 become U+FFFD, as in JSON reports.
 */
void label_write_value(struct sink *sink, const char *text, size_t max_bytes);

#endif
