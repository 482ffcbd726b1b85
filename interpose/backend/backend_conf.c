/*
 * backend_conf.c - the embedded jemalloc's options: those that midpool ships,
 * the program's and the user's.
 */
#include "backend_conf.h"

#include <stdlib.h>
#include <string.h>

#include "export.h"

/* jemalloc reads it at its start, before MALLOC_CONF. */
extern const char *je_malloc_conf;
extern EXPORT const char *malloc_conf;

/*
 * Options that make jemalloc the better fallback, measured by scripts/bench;
 * MALLOC_CONF still overrides each of them.
 *   lg_tcache_max  caches sizes above the band too: 3.5 times as fast
 *   nslots_large   fewer of them than jemalloc would keep
 *   thp            no huge page for a program of a few MB
 *   lg_extent_..   reuses freed memory also after it merged into one large
 *                  extent, which is common without the band's sizes between
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

bool
backend_conf_names(const char *key)
{
    const char *user = secure_getenv("MALLOC_CONF");

    return (user != NULL && strstr(user, key) != NULL) ||
           (malloc_conf != NULL && strstr(malloc_conf, key) != NULL);
}
