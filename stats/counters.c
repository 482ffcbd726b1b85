/*
 * counters.c - the tables generated from counters.def.
 */
#include "counters.h"

#define COUNTER(name, kind, unit, series, meaning)                             \
    {#name, COUNTER_##kind, #unit, SERIES_##series, meaning},
const struct counter counter_table[COUNTERS] = {
#include "counters.def"
};

#define METRIC(name, kind, unit, series, meaning)                              \
    {#name, COUNTER_##kind, #unit, SERIES_##series, meaning},
const struct counter metric_table[METRICS] = {
#include "counters.def"
};
