/*
 * render.h - the renderings behind report_render, for report.c only.
 *
 * Each writes one snapshot into a sink in its format; style matters to text
 * alone.
 */
#ifndef MIDPOOL_STATS_RENDER_H
#define MIDPOOL_STATS_RENDER_H

#include "report.h"
#include "sink.h"

void report_text(struct sink *sink, const struct report_style *style,
                 const struct stats_snapshot *snap);
void report_json(struct sink *sink, const struct report_style *style,
                 const struct stats_snapshot *snap);
void report_openmetrics(struct sink *sink, const struct report_style *style,
                        const struct stats_snapshot *snap);
void report_csv(struct sink *sink, const struct report_style *style,
                const struct stats_snapshot *snap);

#endif
