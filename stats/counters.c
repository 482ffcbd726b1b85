/*
 * counters.c - the table generated from counters.def.
 */
#include "counters.h"

#define COUNTER(name, kind, unit, meaning)                                     \
    {#name, COUNTER_##kind, #unit, meaning},
const struct counter counter_table[COUNTERS] = {
#include "counters.def"
};
#undef COUNTER
