/*
 * backend_jemalloc.c - control of the embedded jemalloc.
 */
#include "backend.h"

#include <limits.h>

#include "backend_je.h"

/*
 * Options that make jemalloc the better fallback, measured by scripts/bench;
 * MALLOC_CONF still overrides each of them.
 */
const char *je_malloc_conf = "";

#define ALL_ARENAS "4096" /* MALLCTL_ARENAS_ALL */

static size_t
read_size(const char *name)
{
    size_t value = 0;
    size_t bytes = sizeof(value);

    return je_mallctl(name, &value, &bytes, NULL, 0) == 0 ? value : 0;
}

void
backend_trim(void)
{
    (void)je_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    (void)je_mallctl("arena." ALL_ARENAS ".purge", NULL, NULL, NULL, 0);
}

void
backend_usage(struct backend_usage *out)
{
    uint64_t epoch = 1; /* any value: statistics are taken anew */

    (void)je_mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
    out->allocated_bytes = read_size("stats.allocated");
    out->resident_bytes = read_size("stats.resident");
    out->mapped_bytes = read_size("stats.mapped");
}
