/*
 * text_rows.h - the drawn parts of the text report: pools and curve.
 */
#ifndef MIDPOOL_STATS_TEXT_ROWS_H
#define MIDPOOL_STATS_TEXT_ROWS_H

#include "snapshot.h"
#include "text.h"

/* A row per pool (with style.all: per size class) that served anything. */
void text_pools(struct text *text, const struct stats_snapshot *snap);

/* Gets over the life of the process, if it lived for a few intervals. */
void text_curve(struct text *text, const struct stats_snapshot *snap);

#endif
