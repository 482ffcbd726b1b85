/*
 * settings.h - the options in force, in the units that the pool computes with.
 *
 * Written at start-up (pool_init, pool_configure), read anywhere.
 */
#ifndef MIDPOOL_POOL_SETTINGS_H
#define MIDPOOL_POOL_SETTINGS_H

#include "base.h"
#include "pool_types.h"

enum { WINDOWS_PER_DECAY = 5 };

struct settings {
    bool active;    /* the pools serve */
    bool slow_puts; /* every put takes the slow path: zero, check_fill */
    bool slow_gets; /* every get does: check_fill */
    struct pool_config config;
    int64_t window_ns; /* decay window; 0: at once, -1: never */
    /*
     * Capacity of all thread caches together, and a reserve for small ones:
     * those of at most cache_small_bytes.
     */
    uint64_t cache_budget_bytes;
    uint64_t cache_reserve_bytes;
    uint64_t cache_small_bytes;
    uint64_t cache_live_bytes; /* and as much again as is live, up to this */
};

extern hidden struct settings settings;

#endif
