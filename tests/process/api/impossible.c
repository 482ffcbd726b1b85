/*
 * impossible.c - sizes that can not be had give NULL and ENOMEM everywhere.
 *
 * Above PTRDIFF_MAX, near SIZE_MAX (where rounding up wraps to something
 * small), products that overflow, and alignments that make the sum overflow.
 * A failed realloc leaves the old block as it was.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "check.h"

static const size_t impossible[] = {
    (size_t)PTRDIFF_MAX - 4096,
    PTRDIFF_MAX,
    (size_t)PTRDIFF_MAX + 1,
    (size_t)PTRDIFF_MAX + 65536,
    SIZE_MAX - 65536,
    SIZE_MAX - 4096,
    SIZE_MAX - 4095,
    SIZE_MAX - 255,
    SIZE_MAX - 64,
    SIZE_MAX - 15,
    SIZE_MAX - 1,
    SIZE_MAX,
};
enum { IMPOSSIBLE = sizeof(impossible) / sizeof(impossible[0]) };

static void
check_allocators(void)
{
    for (const struct alloc_call *from = alloc_calls; from->name; from++) {
        if (!calls_has(from->name) || from->throws)
            continue;
        /* libstdc++ 12 rounds up without a check, and glibc sees a small
           size. */
        if (from->family == CALL_ALIGNED && !check_preloaded())
            continue;
        for (unsigned i = 0; i < IMPOSSIBLE; i++) {
            errno = 0;
            void *ptr = from->get(impossible[i]);
            CHECK(ptr == NULL, "%s(%#zx) = %p", from->name, impossible[i], ptr);
            CHECK(errno == ENOMEM, "%s(%#zx) sets errno %d", from->name,
                  impossible[i], errno);
        }
    }
}

static void
check_posix_memalign(void)
{
    for (unsigned i = 0; i < IMPOSSIBLE; i++) {
        void *ptr = &ptr;
        errno = 0;
        int error = posix_memalign(&ptr, 64, impossible[i]);
        CHECK(error == ENOMEM, "posix_memalign(64, %#zx) = %d", impossible[i],
              error);
        CHECK(ptr == &ptr, "posix_memalign stored something");
        CHECK(errno == ENOMEM, "posix_memalign leaves errno %d", errno);
    }
}

static void
check_products(void)
{
    static const size_t pairs[][2] = {
        {SIZE_MAX, 2},
        {2, SIZE_MAX},
        {SIZE_MAX / 2 + 1, 2},
        {(size_t)1 << 32, (size_t)1 << 32},
        {((size_t)1 << 32) + 1, (size_t)1 << 32},
        {SIZE_MAX / 2048 + 1, 2048},
        {SIZE_MAX / 4096 + 2, 4096},
        {PTRDIFF_MAX, 1},
    };
    void *old = malloc(3000);
    check_fill(old, 3000, 7);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        size_t count = check_opaque(pairs[i][0]);
        size_t size = check_opaque(pairs[i][1]);
        errno = 0;
        CHECK(calloc(count, size) == NULL && errno == ENOMEM, "calloc %zu", i);
        errno = 0;
        CHECK(reallocarray(NULL, count, size) == NULL && errno == ENOMEM,
              "reallocarray %zu", i);
        errno = 0;
        CHECK(reallocarray(old, count, size) == NULL && errno == ENOMEM,
              "reallocarray of a block %zu", i);
        CHECK(check_filled(old, 3000, 7), "block changed");
    }
    free(old);
}

static void
check_realloc_keeps_old(void)
{
    static const size_t sizes[] = {1,     100,   2047,    2048,   5000,
                                   65536, 65537, 1 << 20, 9 << 20};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        void *old = malloc(sizes[s]);
        CHECK(old != NULL, "malloc(%zu)", sizes[s]);
        check_fill(old, sizes[s], 3);
        for (unsigned i = 0; i < IMPOSSIBLE; i++) {
            errno = 0;
            void *now = realloc(old, check_opaque(impossible[i]));
            CHECK(now == NULL && errno == ENOMEM, "realloc(%zu -> %#zx)",
                  sizes[s], impossible[i]);
            CHECK(check_filled(old, sizes[s], 3), "%zu bytes changed",
                  sizes[s]);
        }
        free(old);
    }
}

/* Size and alignment that are fine alone and wrap when added up. */
static void
check_alignments(void)
{
    static const size_t aligns[] = {(size_t)1 << 62, (size_t)1 << 47};
    for (size_t i = 0; i < 2; i++) {
        size_t align = check_opaque(aligns[i]);
        size_t sizes[] = {8,
                          5000,
                          align,
                          SIZE_MAX - align,
                          SIZE_MAX - align + 1,
                          PTRDIFF_MAX - 8};
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            void *ptr = NULL;
            CHECK(posix_memalign(&ptr, align, sizes[s]) == ENOMEM,
                  "posix_memalign(%#zx, %#zx)", align, sizes[s]);
            errno = 0;
            CHECK(aligned_alloc(align, sizes[s]) == NULL && errno == ENOMEM,
                  "aligned_alloc(%#zx, %#zx)", align, sizes[s]);
            errno = 0;
            CHECK(memalign(align, sizes[s]) == NULL && errno == ENOMEM,
                  "memalign(%#zx, %#zx)", align, sizes[s]);
        }
    }
}

int
main(void)
{
    calls_init();
    check_allocators();
    check_posix_memalign();
    check_products();
    check_realloc_keeps_old();
    check_alignments();
    return 0;
}
