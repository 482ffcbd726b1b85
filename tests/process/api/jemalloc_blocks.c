/*
 * jemalloc_blocks.c - jemalloc's own allocation functions, by its manual.
 *
 *     jemalloc_blocks CASE
 *
 * The program is linked with libjemalloc: alone it runs on that library, so
 * that each case is known to be right, and preloaded on midpool.
 */
#include <errno.h>
#include <jemalloc/jemalloc.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "check.h"

enum { DIRT = 0xa5, LG_ALIGN_MOST = 17 };

static unsigned arena;
static unsigned cache;

static bool
is_all(const unsigned char *bytes, size_t from, size_t to, int value)
{
    for (size_t i = from; i < to; i++) {
        if (bytes[i] != value)
            return false;
    }
    return true;
}

/* So that memory which is not cleared can be told. */
static void
leave_dirt(size_t size)
{
    void *block[4];

    for (unsigned i = 0; i < 4; i++)
        block[i] = memset(mallocx(size, 0), DIRT, size);
    for (unsigned i = 0; i < 4; i++)
        dallocx(block[i], 0);
}

static void
check_one(size_t size, int flags, size_t align)
{
    size_t real = nallocx(size, flags);
    unsigned char *block;

    leave_dirt(real);
    block = mallocx(size, flags);
    CHECK(block != NULL, "mallocx(%zu, %#x)", size, flags);
    CHECK((uintptr_t)block % align == 0, "%p, not aligned to %zu",
          (void *)block, align);
    CHECK(real >= size && sallocx(block, flags) == real,
          "%zu, flags %#x: nallocx %zu, sallocx %zu", size, flags, real,
          sallocx(block, flags));
    CHECK(malloc_usable_size(block) == real, "usable %zu of %zu",
          malloc_usable_size(block), real);
    CHECK(align > 1 || nallocx(real, flags) == real, "nallocx(%zu) is %zu",
          real, nallocx(real, flags));
    if (flags & MALLOCX_ZERO)
        CHECK(is_all(block, 0, real, 0), "%zu, flags %#x: not zero", size,
              flags);
    memset(block, DIRT, real);
    sdallocx(block, size % 2 ? size : real, flags);
}

static void
sizes(void)
{
    for (size_t i = 0; i < call_size_count; i++) {
        size_t size = call_sizes[i];

        if (size == 0 || size > (8 << 20))
            continue;
        check_one(size, 0, 1);
        check_one(size, MALLOCX_ZERO, 1);
        for (int lg = 0; lg <= LG_ALIGN_MOST; lg++) {
            size_t align = (size_t)1 << lg;

            check_one(size, MALLOCX_LG_ALIGN(lg), align);
            check_one(size, MALLOCX_ALIGN(align) | MALLOCX_ZERO, align);
        }
    }
    for (size_t size = 1; size < 70000; size += 13)
        check_one(size, 0, 1);
}

/* A cache or an arena of the caller's choice, with each of the other flags. */
static void
selections(void)
{
    int chosen[] = {MALLOCX_TCACHE_NONE, MALLOCX_TCACHE(cache),
                    MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE,
                    MALLOCX_ARENA(arena) | MALLOCX_TCACHE(cache),
                    MALLOCX_ARENA(arena)};

    for (unsigned i = 0; i < sizeof chosen / sizeof chosen[0]; i++) {
        for (size_t size = 1; size < 150000; size = size * 5 / 4 + 1) {
            check_one(size, chosen[i], 1);
            check_one(size, chosen[i] | MALLOCX_ZERO, 1);
            check_one(size, chosen[i] | MALLOCX_ALIGN(4096), 4096);
        }
    }
}

/* Memory of an arena says so; what is the pools' belongs to none. */
static void
arenas(void)
{
    void *block = mallocx(9000, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE);
    unsigned found = UINT_MAX;
    size_t bytes = sizeof found;

    CHECK(mallctl("arenas.lookup", &found, &bytes, &block, sizeof block) == 0 &&
              found == arena,
          "a block of arena %u is in %u", arena, found);
    block = rallocx(block, 20000, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE);
    CHECK(mallctl("arenas.lookup", &found, &bytes, &block, sizeof block) == 0 &&
              found == arena,
          "resized, a block of arena %u is in %u", arena, found);
    dallocx(block, MALLOCX_TCACHE_NONE);
}

static void
impossible(void)
{
    static const size_t large[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096,
                                   SIZE_MAX};
    char *block = mallocx(5000, 0);

    memset(block, 7, 5000);
    for (unsigned i = 0; i < 3; i++) {
        size_t size = check_opaque(large[i]);

        CHECK(mallocx(size, 0) == NULL, "mallocx(%zu)", size);
        CHECK(mallocx(size, MALLOCX_ZERO | MALLOCX_ALIGN(4096)) == NULL,
              "mallocx(%zu)", size);
        CHECK(nallocx(size, 0) == 0, "nallocx(%zu)", size);
        CHECK(rallocx(block, size, 0) == NULL, "rallocx(%zu)", size);
        CHECK(xallocx(block, size, 0, 0) < size, "xallocx(%zu)", size);
    }
    CHECK(mallocx(4096, MALLOCX_LG_ALIGN(63)) == NULL, "alignment of 2^63");
    CHECK(nallocx(4096, MALLOCX_LG_ALIGN(63)) == 0, "alignment of 2^63");
    CHECK(is_all((unsigned char *)block, 0, 5000, 7), "a block was changed");
    dallocx(block, 0);
}

/* Bytes that growing adds, beyond the former real size, are zero. */
static void
zero_when_growing(void)
{
    for (size_t size = 1; size < 300000; size = size * 6 / 5 + 1) {
        unsigned char *block = mallocx(size, MALLOCX_ZERO);
        size_t old = sallocx(block, 0);

        for (unsigned step = 0; step < 6; step++) {
            size_t wanted = old + 1 + old / 7 * step;
            size_t real;

            memset(block, DIRT, old);
            leave_dirt(wanted);
            block = rallocx(block, wanted, MALLOCX_ZERO);
            real = sallocx(block, 0);
            CHECK(real >= wanted, "%zu of %zu", real, wanted);
            CHECK(is_all(block, 0, old, DIRT), "%zu to %zu: lost", old, wanted);
            CHECK(is_all(block, old, real, 0), "%zu to %zu: not zero", old,
                  wanted);
            old = real;
        }
        dallocx(block, 0);
    }
}

/* Up and down over all sizes, with alignments. */
static void
resizing(void)
{
    uint64_t random = 88172645463325252u;
    unsigned char *block = mallocx(1, 0);
    size_t size = 1;

    for (unsigned i = 0; i < 20000; i++) {
        size_t wanted = 1 + check_random(&random) % (i % 9 ? 80000 : 400000);
        int lg = (int)(check_random(&random) % 15);
        size_t kept = size < wanted ? size : wanted;

        check_fill(block, size, i);
        block = rallocx(block, wanted, MALLOCX_LG_ALIGN(lg));
        CHECK(block != NULL && (uintptr_t)block % ((size_t)1 << lg) == 0,
              "%p for alignment 2^%d", (void *)block, lg);
        CHECK(check_filled(block, kept, i), "%zu to %zu: lost", size, wanted);
        CHECK(sallocx(block, 0) >= nallocx(wanted, MALLOCX_LG_ALIGN(lg)),
              "real %zu of %zu", sallocx(block, 0), wanted);
        size = wanted;
    }
    dallocx(block, 0);
}

/* A change within the real size goes nowhere, and needs no new memory. */
static void
resizing_within(void)
{
    for (size_t size = 1; size < 200000; size = size * 8 / 7 + 1) {
        char *block = mallocx(size, 0);
        size_t real = sallocx(block, 0);

        CHECK(rallocx(block, real, 0) == block, "%zu moved for its own %zu",
              size, real);
        CHECK(rallocx(block, size, 0) == block, "%zu moved back", size);
        CHECK(sallocx(block, 0) == real, "real size %zu, then %zu", real,
              sallocx(block, 0));
        dallocx(block, 0);
    }
}

static void
resizing_in_place(void)
{
    for (size_t size = 1; size < 400000; size = size * 8 / 7 + 1) {
        unsigned char *block = mallocx(size, 0);
        size_t real = sallocx(block, 0);
        size_t before;
        size_t got;

        check_fill(block, size, 1);
        CHECK(xallocx(block, size, 0, 0) == real, "%zu as it is", size);
        got = xallocx(block, real, real / 4, 0);
        CHECK(got >= real && got == sallocx(block, 0), "%zu is %zu", got,
              sallocx(block, 0));
        before = got;
        got = xallocx(block, real * 3, 0, MALLOCX_ZERO);
        CHECK(got == sallocx(block, 0), "%zu is %zu", got, sallocx(block, 0));
        CHECK(got < real * 3 || is_all(block, before, got, 0),
              "grown to %zu, not zero", got);
        got = xallocx(block, (size + 1) / 2, 0, 0);
        CHECK(got >= (size + 1) / 2 && got == sallocx(block, 0), "%zu of %zu",
              got, (size + 1) / 2);
        CHECK(check_filled(block, (size + 1) / 2, 1), "%zu: lost", size);
        dallocx(block, 0);
    }
}

static const struct check_case cases[] = {
    {"sizes", sizes},
    {"selections", selections},
    {"arenas", arenas},
    {"impossible", impossible},
    {"zero_when_growing", zero_when_growing},
    {"resizing", resizing},
    {"resizing_within", resizing_within},
    {"resizing_in_place", resizing_in_place},
};

int
main(int argc, char **argv)
{
    size_t bytes = sizeof arena;

    CHECK(mallctl("arenas.create", &arena, &bytes, NULL, 0) == 0, "arena");
    CHECK(mallctl("tcache.create", &cache, &bytes, NULL, 0) == 0, "cache");
    CHECK_RUN_CASE(cases, argc > 1 ? argv[1] : NULL);
    return 0;
}
