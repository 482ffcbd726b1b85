/*
 * backend_jemalloc.c - control of the embedded jemalloc.
 */
#include "backend.h"

#include <string.h>

#include "backend_je.h"

void
backend_configure(const char *conf)
{
    backend_set_conf(conf);
    backend_free(backend_malloc(1));
}

#define ALL_ARENAS "4096" /* MALLCTL_ARENAS_ALL */

size_t
backend_read(const char *name)
{
    uint32_t half = 0;
    size_t value = 0;
    size_t bytes = sizeof(value);

    if (backend_mallctl(name, &value, &bytes, NULL, 0) == 0)
        return value;
    bytes = sizeof(half);
    return backend_mallctl(name, &half, &bytes, NULL, 0) == 0 ? half : 0;
}

void
backend_trim(void)
{
    (void)backend_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    (void)backend_mallctl("arena." ALL_ARENAS ".purge", NULL, NULL, NULL, 0);
}

void
backend_give_back(void)
{
    if (backend_on_refusal != NULL)
        (void)backend_on_refusal();
    backend_unmap_purged();
    backend_trim();
}

void
backend_read_anew(void)
{
    uint64_t epoch = 1; /* any value */

    (void)backend_mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
}
