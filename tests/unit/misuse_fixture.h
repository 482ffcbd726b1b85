/*
 * misuse_fixture.h - a pool whose reports of misuse a test sees.
 */
#ifndef MIDPOOL_TESTS_MISUSE_FIXTURE_H
#define MIDPOOL_TESTS_MISUSE_FIXTURE_H

#include <criterion/criterion.h>

#include "pool.h"

static struct {
    unsigned calls;
    enum pool_misuse kind;
    const void *ptr;
    size_t bytes;
} reported; /* how many reports, and the last one */

static inline void
on_misuse(enum pool_misuse kind, const void *ptr, size_t bytes)
{
    reported.calls++;
    reported.kind = kind;
    reported.ptr = ptr;
    reported.bytes = bytes;
}

static inline void
watch_misuse(void)
{
    pool_on_misuse = on_misuse;
    cr_assert(pool_init(&pool_config_default));
}

#endif
