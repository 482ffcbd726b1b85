/*
 * test_backend_alloc.c - the embedded jemalloc through the backend's seam.
 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "backend.h"
#include "backend_je.h"

static const size_t sizes[] = {0,    1,     8,      9,      16,      17,
                               2047, 65537, 100000, 262144, 1048576, 9000000};
enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };

static const size_t impossible[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 4096,
                                    SIZE_MAX - 63, SIZE_MAX};
enum { IMPOSSIBLE = sizeof(impossible) / sizeof(impossible[0]) };

static bool
is_aligned(const void *ptr, size_t align)
{
    return ((uintptr_t)ptr & (align - 1)) == 0;
}

Test(backend, blocks_are_aligned_to_16_and_wholly_writable)
{
    for (int i = 0; i < SIZES; i++) {
        char *block = backend_malloc(sizes[i]);

        cr_assert(block != NULL && is_aligned(block, 16));
        cr_assert(backend_usable_size(block) >= sizes[i]);
        memset(block, 0x5a, backend_usable_size(block));
        backend_free(block);
    }
}

Test(backend, small_blocks_do_not_overlap)
{
    char *first = backend_malloc(1);
    char *second = backend_malloc(1);

    cr_assert(first + 16 <= second || second + 16 <= first);
    backend_free(first);
    backend_free(second);
}

Test(backend, calloc_clears_what_was_used_before)
{
    for (int i = 0; i < SIZES; i++) {
        char *block = backend_malloc(sizes[i]);

        memset(block, 0xff, sizes[i]);
        backend_free(block);
        block = backend_calloc(1, sizes[i]);
        cr_assert(block != NULL && is_aligned(block, 16));
        for (size_t k = 0; k < sizes[i]; k++)
            cr_assert_eq(block[k], 0);
        backend_free(block);
    }
}

Test(backend, calloc_checks_the_product)
{
    errno = 0;
    cr_assert_null(backend_calloc(SIZE_MAX / 2, 3));
    cr_assert_eq(errno, ENOMEM);
}

Test(backend, realloc_keeps_the_contents)
{
    unsigned char *block = NULL;

    for (size_t size = 1; size < 500000; size = size * 3 + 1) {
        block = backend_realloc(block, size);
        cr_assert(block != NULL && is_aligned(block, 16));
        for (size_t k = 0; k < size / 3; k++)
            cr_assert_eq(block[k], (unsigned char)k);
        for (size_t k = 0; k < size; k++)
            block[k] = (unsigned char)k;
    }
    backend_free(block);
}

Test(backend, alignments_are_kept)
{
    for (size_t align = 1; align <= 4u << 20; align *= 2) {
        for (int i = 0; i < SIZES; i++) {
            void *block = backend_memalign(align, sizes[i]);

            cr_assert(block != NULL && is_aligned(block, align));
            cr_assert(is_aligned(block, 16));
            backend_free(block);
        }
    }
}

Test(backend, impossible_sizes_fail_with_enomem)
{
    for (int i = 0; i < IMPOSSIBLE; i++) {
        void *block = backend_malloc(100);

        errno = 0;
        cr_assert_null(backend_malloc(impossible[i]));
        cr_assert_eq(errno, ENOMEM);
        errno = 0;
        cr_assert_null(backend_calloc(1, impossible[i]));
        cr_assert_eq(errno, ENOMEM);
        errno = 0;
        cr_assert_null(backend_realloc(block, impossible[i]));
        cr_assert_eq(errno, ENOMEM);
        errno = 0;
        cr_assert_null(backend_memalign(64, impossible[i]));
        cr_assert_eq(errno, ENOMEM);
        backend_free(block);
    }
}

Test(backend, free_keeps_errno)
{
    for (int i = 0; i < SIZES; i++) {
        void *block = backend_malloc(sizes[i]);

        errno = 4711;
        backend_free(block);
        cr_assert_eq(errno, 4711);
    }
    backend_trim();
}

Test(backend, knows_its_own_blocks_from_others)
{
    int local;

    for (int i = 0; i < SIZES; i++) {
        void *block = backend_malloc(sizes[i]);

        cr_assert(backend_owns(block));
        backend_free(block);
    }
    cr_assert_not(backend_owns(&local));
    cr_assert_not(backend_owns(sizes));
    cr_assert_not(backend_owns((void *)(uintptr_t)cr_malloc(1)));
}

Test(backend, usage_grows_with_what_is_allocated)
{
    struct backend_usage before;
    struct backend_usage after;
    void *block;

    backend_usage(&before);
    block = backend_malloc(10 << 20);
    backend_usage(&after);
    cr_assert(after.allocated_bytes >= before.allocated_bytes + (10 << 20));
    cr_assert(after.mapped_bytes >= after.allocated_bytes);
    backend_free(block);
    backend_trim();
    backend_usage(&after);
    cr_assert(after.allocated_bytes < before.allocated_bytes + (1 << 20));
}

/* jemalloc describes what a failed munmap left in errno. */
Test(backend, a_failed_munmap_is_described_and_errno_is_kept)
{
    static const int before[] = {0, ENOMEM, 300};
    char text[64];
    char shortened[4];

    for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
        errno = before[i];
        cr_assert_neq(backend_je_munmap((void *)1, 1), 0);
        cr_assert_str_eq(backend_je_strerror_r(errno, text, sizeof text),
                         "Invalid argument");
        cr_assert_eq(errno, before[i]);
    }
    cr_assert_str_eq(backend_je_strerror_r(ENOMEM, shortened, 4), "Can");
    cr_assert_str_eq(backend_je_strerror_r(99999, text, sizeof text),
                     "unknown error");
}
