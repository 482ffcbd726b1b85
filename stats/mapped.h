/*
 * liveness.h - whether the process that filled a page still does
 * (midpool-snapshot only).
 */
#ifndef MIDPOOL_STATS_LIVENESS_H
#define MIDPOOL_STATS_LIVENESS_H

#include <stdbool.h>

#include "page_file.h"

/*
 * True when the page's process lives and still counts into this very file:
 * the file is among its mappings. Where those can not be read, true when a
 * process of that pid started before the page did. A pid that went to
 * another process, a program that was replaced by exec and a copy of a page
 * are not alive.
 */
bool liveness_of(const struct page_file *file);

#endif
