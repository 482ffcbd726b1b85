/*
 * settings.c - the options in force, and their defaults.
 */
#include "settings.h"

const struct pool_config pool_config_default = {
    .zero_on_free = false,
    .check_fill = false,
    .thp = POOL_THP_AUTO,
    .cache_max_bytes = 8 << 20,
    .pool_max_bytes = 0,
    .decay_ms = 10000,
};

struct settings settings;
