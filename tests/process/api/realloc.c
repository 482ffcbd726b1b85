/*
 * realloc.c - contents survive realloc across every border.
 *
 * From each edge size to each edge size: pool to pool, pool to fallback and
 * back, in place and moved, growing and shrinking; also from blocks that
 * were aligned or zeroed, and chains that grow bytewise over a class edge.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "check.h"

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void
check_step(void *(*get)(size_t), size_t from, size_t to)
{
    void *old = get(from);
    CHECK(old != NULL, "get %zu", from);
    check_fill(old, from, 1);
    void *now = realloc(old, to);
    CHECK(now != NULL, "realloc(%zu -> %zu)", from, to);
    CHECK((uintptr_t)now % 16 == 0, "realloc(%zu -> %zu) = %p", from, to, now);
    size_t usable = malloc_usable_size(now);
    CHECK(usable >= to, "realloc(%zu -> %zu): usable %zu", from, to, usable);
    CHECK(check_filled(now, smaller(from, to), 1), "realloc(%zu -> %zu)", from,
          to);
    check_fill(now, usable, 2);
    CHECK(check_filled(now, usable, 2), "realloc(%zu -> %zu)", from, to);
    free(now);
}

static void
check_all_steps(void)
{
    /* Less the two largest: copying megabytes shows nothing new. */
    size_t count = call_size_count - 2;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 1; j < count; j++) {
            check_step(malloc, call_sizes[i], call_sizes[j]);
            if ((i + j) % 3 == 0)
                check_step(valloc, call_sizes[i], call_sizes[j]);
        }
    }
    check_step(malloc, 65536, 3 << 20);
    check_step(malloc, 3 << 20, 2048);
    check_step(malloc, 3 << 20, 5 << 20);
    check_step(malloc, 9 << 20, 1);
}

static void
check_chain(size_t from, size_t to, size_t step)
{
    char *ptr = malloc(from);
    CHECK(ptr != NULL, "malloc(%zu)", from);
    check_fill(ptr, from, 9);
    size_t size = from;
    while (size < to) {
        ptr = realloc(ptr, size + step);
        CHECK(ptr != NULL, "realloc to %zu", size + step);
        CHECK(check_filled(ptr, size, 9), "grown from %zu", size);
        size += step;
        check_fill(ptr, size, 9);
    }
    while (size > step) {
        size -= step;
        ptr = realloc(ptr, size);
        CHECK(ptr != NULL && check_filled(ptr, size, 9), "shrunk to %zu", size);
    }
    free(ptr);
}

static void
check_zero(void)
{
    void *a = realloc(NULL, 0);
    void *b = realloc(NULL, 0);
    void *c = malloc(0);
    void *d = calloc(0, 100);
    void *e = calloc(100, 0);
    CHECK(a && b && c && d && e, "a zero-sized block is NULL");
    CHECK(a != b && b != c && c != d && d != e && a != e,
          "zero-sized blocks are not unique");
    CHECK(realloc(a, 0) == NULL, "realloc(p, 0)");
    CHECK(reallocarray(b, 0, 8) == NULL, "reallocarray(p, 0, 8)");
    free(c);
    free(d);
    free(e);
    static const size_t sizes[] = {10, 2048, 30000, 65536, 70000, 9 << 20};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *ptr = malloc(sizes[i]);
        errno = 4321;
        CHECK(realloc(ptr, 0) == NULL, "realloc(p, 0) of %zu", sizes[i]);
        CHECK(errno == 4321, "realloc(p, 0) sets errno");
    }
    free(NULL);
    CHECK(malloc_usable_size(NULL) == 0, "usable size of NULL");
}

/* realloc(p, 0) frees: a hundred thousand blocks leave no memory behind. */
static void
check_zero_frees(void)
{
    size_t before = 0;
    for (unsigned i = 0; i < 20000; i++) {
        char *ptr = malloc(60000);
        CHECK(ptr != NULL, "malloc");
        memset(ptr, 1, 60000);
        CHECK(realloc(ptr, 0) == NULL, "realloc(p, 0)");
        if (i == 1000)
            before = check_rss_bytes();
    }
    CHECK(check_rss_bytes() < before + (64 << 20), "realloc(p, 0) leaks");
}

int
main(void)
{
    calls_init();
    check_all_steps();
    check_chain(2000, 4200, 1);
    check_chain(63000, 66600, 37);
    check_chain(1, 70000, 611);
    check_zero();
    check_zero_frees();
    return 0;
}
