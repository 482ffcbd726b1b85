/*
 * count_sizes.c - a preloaded library that counts which sizes of the band a
 * program asks for, exactly.
 *
 * Model     Every function of the allocation family counts its request and
 *           passes it on to glibc. The counters are a shared mapping of the
 *           file that SURVEY_OUT names: one uint64_t for each size from 2048
 *           to 65536. Children, and processes that end by _exit or by a
 *           signal, are counted as well.
 * Limits    glibc only. Not part of the product: tests/survey/run builds it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOW = 2048, HIGH = 65536, SIZES = HIGH - LOW + 1 };

static uint64_t unmapped[SIZES];
static uint64_t *counts = unmapped;

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static void
count(size_t bytes)
{
    if (bytes - LOW <= HIGH - LOW)
        __atomic_fetch_add(&counts[bytes - LOW], 1, __ATOMIC_RELAXED);
}

/* All processes of one survey share the counters. */
__attribute__((constructor)) static void
map_counters(void)
{
    const char *path = getenv("SURVEY_OUT");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *start;

    if (fd < 0)
        return;
    start =
        mmap(NULL, sizeof(unmapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (start == MAP_FAILED)
        return;
    counts = start;
    for (unsigned i = 0; i < SIZES; i++) {
        if (unmapped[i] != 0)
            __atomic_fetch_add(&counts[i], unmapped[i], __ATOMIC_RELAXED);
    }
}

void *
malloc(size_t bytes)
{
    count(bytes);
    return __libc_malloc(bytes);
}

void *
calloc(size_t number, size_t each)
{
    size_t bytes;

    if (!__builtin_mul_overflow(number, each, &bytes))
        count(bytes);
    return __libc_calloc(number, each);
}

void *
realloc(void *ptr, size_t bytes)
{
    count(bytes);
    return __libc_realloc(ptr, bytes);
}

void *
memalign(size_t align, size_t bytes)
{
    count(bytes);
    return __libc_memalign(align, bytes);
}

void *
aligned_alloc(size_t align, size_t bytes)
{
    return memalign(align, bytes);
}

int
posix_memalign(void **result, size_t align, size_t bytes)
{
    void *ptr;

    if (align % sizeof(void *) != 0 || (align & (align - 1)) != 0 || align == 0)
        return EINVAL;
    ptr = memalign(align, bytes);
    if (ptr == NULL)
        return ENOMEM;
    *result = ptr;
    return 0;
}
