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
 *   tcache_max     what is over the band is cached too: 3.5 times as fast
 *   nslots_large   though not as many as jemalloc would keep
 *   thp            no huge page for a program of a few MB
 *   lg_extent_..   what was freed is used again, also when it became one large
 *                  extent: without the band's sizes in between it often does
 */
#define DEFAULT_CONF                                                           \
    "tcache_max:1048576,tcache_nslots_large:8,thp:never,"                      \
    "lg_extent_max_active_fit:12"

const char *je_malloc_conf = DEFAULT_CONF;

/*
 * jemalloc starts before libc knows the environment, so what it says is
 * appended here: of two values the later one counts.
 */
static void
add_conf(const char *conf)
{
    static char both[sizeof DEFAULT_CONF + BACKEND_CONF_BYTES];
    size_t length = strnlen(conf, BACKEND_CONF_BYTES);

    if (length == 0 || length == BACKEND_CONF_BYTES)
        return;
    memcpy(both, DEFAULT_CONF ",", sizeof DEFAULT_CONF);
    memcpy(both + sizeof DEFAULT_CONF, conf, length);
    je_malloc_conf = both;
}

void
backend_configure(const char *conf)
{
    add_conf(conf);
    backend_free(backend_malloc(1));
}

#define ALL_ARENAS "4096" /* MALLCTL_ARENAS_ALL */

size_t
backend_read(const char *name)
{
    uint32_t half = 0;
    size_t value = 0;
    size_t bytes = sizeof(value);

    if (je_mallctl(name, &value, &bytes, NULL, 0) == 0)
        return value;
    bytes = sizeof(half);
    return je_mallctl(name, &half, &bytes, NULL, 0) == 0 ? half : 0;
}

void
backend_trim(void)
{
    (void)je_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    (void)je_mallctl("arena." ALL_ARENAS ".purge", NULL, NULL, NULL, 0);
}

void
backend_read_anew(void)
{
    uint64_t epoch = 1; /* any value */

    (void)je_mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
}
