/*
 * report_sites.h - sampled call stacks in the JSON report.
 *
 * Numbers are estimates, rounded to whole requests and bytes, each with its
 * standard error; see stats/sites/sites.h. A frame is the number of its
 * module and the offset in it, so that names are found afterwards, by the
 * module's build id. Async-signal-safe, as all of report.h.
 */
#ifndef MIDPOOL_STATS_REPORT_SITES_H
#define MIDPOOL_STATS_REPORT_SITES_H

#include "json.h"
#include "sites.h"

/* The member "sites". */
void report_sites(struct json *json, const struct sites *table);

/* No table makes the member longer, however full it is. */
size_t report_sites_bytes(const struct sites *table);

#endif
