/*
 * backend_jemalloc.c - control of the embedded jemalloc.
 */
#include "backend.h"

#include <limits.h>
#include <string.h>

#include "backend_je.h"

/*
 * Options that make jemalloc the better fallback, measured by scripts/bench;
 * MALLOC_CONF still overrides each of them.
 *   lg_tcache_max  what is over the band is cached too: 3.5 times as fast
 *   nslots_large   though not as many as jemalloc would keep
 *   thp            no huge page for a program of a few MB
 *   lg_extent_..   what was freed is used again, also when it became one large
 *                  extent: without the band's sizes in between it often does
 */
#if JEMALLOC_MINOR >= 3
#define SLOTS_CONF "tcache_nslots_large:8,"
#else
#define SLOTS_CONF "" /* unknown to jemalloc 5.2, which keeps 20 */
#endif
#define DEFAULT_CONF                                                           \
    "lg_tcache_max:20," SLOTS_CONF "thp:never,lg_extent_max_active_fit:12"

const char *je_malloc_conf = DEFAULT_CONF;

/*
 * A program's own variable of this name stands in front of this one.
 * Exported as in libjemalloc: a program that is linked with that library sets
 * its options so.
 */
EXPORT __attribute__((weak)) const char *malloc_conf = NULL;

static char joined[sizeof DEFAULT_CONF + 2 * BACKEND_CONF_BYTES];

/* Appends to the joined text, unless it would exceed the bound. */
static void
add_conf(size_t *at, const char *conf)
{
    size_t length = conf != NULL ? strnlen(conf, BACKEND_CONF_BYTES) : 0;

    if (length == 0 || length == BACKEND_CONF_BYTES)
        return;
    joined[(*at)++] = ',';
    memcpy(joined + *at, conf, length);
    *at += length;
}

/*
 * jemalloc may start before libc knows the environment, so the options there
 * are appended here: of two values the later one counts.
 */
void
backend_set_conf(const char *conf)
{
    size_t at = sizeof DEFAULT_CONF - 1;

    memcpy(joined, DEFAULT_CONF, at);
    add_conf(&at, malloc_conf);
    add_conf(&at, conf);
    je_malloc_conf = joined;
}

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
