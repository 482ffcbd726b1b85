/*
 * backend_usage.c - the backend's memory, as its statistics have it.
 *
 * Names are those of jemalloc's mallctl; of all arenas where one is named.
 */
#include <stdio.h>

#include "backend.h"

#define ARENAS "stats.arenas.4096." /* MALLCTL_ARENAS_ALL */

enum { NAME_BYTES = 64 };

static size_t
read_bin(const char *before, size_t bin, const char *after)
{
    char name[NAME_BYTES];

    snprintf(name, sizeof name, "%s%zu.%s", before, bin, after);
    return backend_read(name);
}

/* Free places for small blocks. */
static size_t
idle_regions(void)
{
    size_t bins = backend_read("arenas.nbins");
    size_t idle = 0;

    for (size_t bin = 0; bin < bins; bin++) {
        size_t regions = read_bin(ARENAS "bins.", bin, "curslabs") *
                         read_bin("arenas.bin.", bin, "nregs");
        size_t used = read_bin(ARENAS "bins.", bin, "curregs");

        idle += regions > used ? regions - used : 0;
    }
    return idle;
}

void
backend_usage(struct backend_usage *out)
{
    size_t allocations;
    size_t frees;

    backend_read_anew();
    out->allocated_bytes = backend_read("stats.allocated");
    out->resident_bytes = backend_read("stats.resident");
    out->mapped_bytes = backend_read("stats.mapped");
    out->large_bytes = backend_read(ARENAS "large.allocated");
    allocations = backend_read(ARENAS "large.nmalloc");
    frees = backend_read(ARENAS "large.ndalloc");
    out->large_blocks = allocations > frees ? allocations - frees : 0;
    out->idle_regions = idle_regions();
}
