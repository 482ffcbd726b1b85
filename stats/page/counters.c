/*
 * counters.c - the tables generated from counters.def.
 */
#include "counters.h"

#define COUNTER(name, kind, unit, series, meaning)                             \
    {#name, #unit, meaning, COUNTER_##kind, SERIES_##series},
const struct counter counter_table[COUNTERS] = {
#include "counters.def"
};

#define METRIC(name, kind, unit, series, meaning)                              \
    {#name, #unit, meaning, COUNTER_##kind, SERIES_##series},
const struct counter metric_table[METRICS] = {
#include "counters.def"
};
