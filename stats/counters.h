/*
 * counters.h - counters.def as a table, for code that treats all alike.
 *
 * struct stats_counts holds the counters in the table's order and nothing
 * else, so that value i of a row belongs to entry i.
 */
#ifndef MIDPOOL_STATS_COUNTERS_H
#define MIDPOOL_STATS_COUNTERS_H

#include <stdint.h>

#include "snapshot.h"

enum counter_kind { COUNTER_SUM, COUNTER_GAUGE, COUNTER_PEAK };

enum {
    COUNTERS = sizeof(struct stats_counts) / sizeof(uint64_t),
};

struct counter {
    const char *name;
    enum counter_kind kind;
    const char *unit;
    const char *meaning;
};

extern const struct counter counter_table[COUNTERS];

static inline uint64_t
counter_value(const struct stats_counts *counts, unsigned index)
{
    return ((const uint64_t *)counts)[index];
}

#endif
