/*
 * counters.h - counters.def as a struct and as tables.
 *
 * struct stats_counts holds only the counters, in the table's order, so that
 * value i of a row belongs to entry i and code can treat all alike.
 */
#ifndef MIDPOOL_STATS_COUNTERS_H
#define MIDPOOL_STATS_COUNTERS_H

#include <stdint.h>

/* All counters of counters.def, in its order. */
struct stats_counts {
#define COUNTER(name, kind, unit, series, meaning) uint64_t name;
#include "counters.def"
};

struct stats_class_row {
    uint32_t max_bytes;
    struct stats_counts counts;
};

enum counter_kind { COUNTER_SUM, COUNTER_GAUGE, COUNTER_PEAK };

/* The series that an OpenMetrics report has of a counter; see counters.def. */
enum counter_series {
    SERIES_POOLS,
    SERIES_WHOLE,
    SERIES_CLASSES,
    SERIES_FIXED,
    SERIES_DETAIL,
    SERIES_EXPORTER
};

/* The rows METRIC of counters.def. */
enum metric {
#define METRIC(name, kind, unit, series, meaning) METRIC_##name,
#include "counters.def"
    METRICS
};

enum {
    COUNTERS = sizeof(struct stats_counts) / sizeof(uint64_t),
};

struct counter {
    const char *name;
    const char *unit;
    const char *meaning;
    enum counter_kind kind;
    enum counter_series series;
};

extern const struct counter counter_table[COUNTERS];
extern const struct counter metric_table[METRICS];

static inline uint64_t
counter_value(const struct stats_counts *counts, unsigned index)
{
    return ((const uint64_t *)counts)[index];
}

#endif
