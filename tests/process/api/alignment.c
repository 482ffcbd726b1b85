/*
 * alignment.c - powers of two to 2 MiB, and the rules of each function.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "calls.h"
#include "check.h"

enum { ALIGN_MAX = 2 << 20, KEEP = 4 };

static void
check_block(void *ptr, size_t align, size_t size, const char *name)
{
    CHECK(ptr != NULL, "%s(%zu, %zu)", name, align, size);
    CHECK((uintptr_t)ptr % align == 0, "%s(%zu, %zu) = %p", name, align, size,
          ptr);
    CHECK((uintptr_t)ptr % 16 == 0, "%s(%zu, %zu) = %p", name, align, size,
          ptr);
    size_t usable = malloc_usable_size(ptr);
    CHECK(usable >= size, "%s(%zu, %zu): usable %zu", name, align, size,
          usable);
    check_fill(ptr, usable < 70000 ? usable : 70000, (unsigned)align);
}

/* Blocks stay live side by side, so that an overlap is seen. */
static void
check_pair(size_t align, size_t size)
{
    void *block[2 * KEEP];
    for (unsigned i = 0; i < KEEP; i++) {
        block[2 * i] = aligned_alloc(align, size);
        check_block(block[2 * i], align, size, "aligned_alloc");
        if (align >= sizeof(void *)) {
            int error = posix_memalign(&block[2 * i + 1], align, size);
            CHECK(error == 0, "posix_memalign(%zu, %zu)", align, size);
        } else {
            block[2 * i + 1] = memalign(align, size);
        }
        check_block(block[2 * i + 1], align, size, "memalign");
    }
    size_t keep = size < 70000 ? size : 70000;
    for (unsigned i = 0; i < 2 * KEEP; i++) {
        CHECK(check_filled(block[i], keep, (unsigned)align),
              "blocks of (%zu, %zu) overlap", align, size);
        /* A realloc may lose the alignment, never the contents. */
        if (i == 3) {
            block[i] = realloc(block[i], size + 5000);
            CHECK(check_filled(block[i], keep, (unsigned)align), "realloc");
        }
        free(block[i]);
    }
}

static void
check_page_functions(void)
{
    size_t page = 4096;
    for (size_t i = 0; i < call_size_count; i++) {
        size_t size = call_sizes[i];
        void *a = valloc(size);
        check_block(a, page, size, "valloc");
        void *b = pvalloc(size);
        check_block(b, page, (size + page - 1) / page * page, "pvalloc");
        free(a);
        free(b);
    }
}

static void
check_rules(void)
{
    void *ptr = &ptr;
    static const size_t bad[] = {0,
                                 1,
                                 2,
                                 4,
                                 3,
                                 12,
                                 24,
                                 48,
                                 100,
                                 4095,
                                 4097,
                                 SIZE_MAX,
                                 (size_t)1 << 63 | 8};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        errno = 0;
        CHECK(posix_memalign(&ptr, check_opaque(bad[i]), 100) == EINVAL,
              "posix_memalign(%zu, 100)", bad[i]);
        CHECK(ptr == &ptr && errno == 0, "posix_memalign touched something");
    }
    /* memalign takes any alignment: it is rounded up to a power of two. */
    static const size_t odd[] = {0, 1, 3, 12, 24, 48, 100, 4095, 4097};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        size_t power = 16;
        while (power < odd[i])
            power *= 2;
        for (size_t size = 10; size < 100000; size = size * 3 + 1) {
            void *block = memalign(check_opaque(odd[i]), size);
            check_block(block, power, size, "memalign");
            free(block);
        }
    }
    /* More than half of the address space can not be aligned to. */
    errno = 0;
    CHECK(memalign(check_opaque(SIZE_MAX / 2 + 2), 100) == NULL, "memalign");
    CHECK(errno == EINVAL, "memalign sets errno %d", errno);
}

int
main(void)
{
    for (size_t align = 1; align <= ALIGN_MAX; align *= 2)
        for (size_t i = 0; i < call_size_count; i++)
            if (align < 65536 || i % 5 == 0)
                check_pair(align, call_sizes[i]);
    check_page_functions();
    check_rules();
    return 0;
}
