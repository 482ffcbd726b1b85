/*
 * render.h - formats and style of a report, and the rendering of each format,
 * by which report.c renders.
 *
 * A rendering writes one snapshot into a sink.
 */
#ifndef MIDPOOL_STATS_RENDER_H
#define MIDPOOL_STATS_RENDER_H

#include <stdbool.h>

#include "sink.h"
#include "snapshot.h"

enum report_format {
    REPORT_TEXT,
    REPORT_JSON,
    REPORT_OPENMETRICS,
    REPORT_CSV,
    REPORT_NONE,
};

struct report_style {
    bool colour;    /* text only: a terminal that wants it */
    bool utf8;      /* text only: block characters for the bars */
    bool all;       /* text only: a row per size class, beyond 40 lines */
    bool brief;     /* JSON only: totals and pools, see report_json.c */
    bool terse;     /* text only: one line where there were few gets */
    unsigned width; /* text only: columns, 80 or more */
};

void report_text(struct sink *sink, const struct report_style *style,
                 const struct stats_snapshot *snap);
void report_json(struct sink *sink, const struct report_style *style,
                 const struct stats_snapshot *snap);
void report_openmetrics(struct sink *sink, const struct report_style *style,
                        const struct stats_snapshot *snap);
void report_csv(struct sink *sink, const struct report_style *style,
                const struct stats_snapshot *snap);

#endif
