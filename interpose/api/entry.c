/*
 * entry.c - the exported allocation functions: check, choose, delegate.
 *
 * Semantics are glibc's: errno kept by free, ENOMEM on failure, realloc(p, 0)
 * frees, malloc(0) is a pointer of its own. Each function's fast path is
 * here, so that it is one stretch of code without a call; the rest is in
 * route.c.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "backend.h"
#include "fast.h"
#include "front.h"
#include "libc_release.h"
#include "midpool_exports.h"
#include "os.h"
#include "route.h"

/*
 * At the start of a cache line, so that it takes as few of them as it can:
 * measured, a pair takes 5.4 instead of 6.0 ns (Emerald Rapids).
 */
#define HOT __attribute__((aligned(CACHE_LINE_BYTES)))

HOT EXPORT void *
malloc(size_t bytes)
{
    enum cache_taken taken;
    void *slot;

    /* One comparison for the band's lower end, one for its upper end. */
    if (bytes < BAND_MIN_BYTES) {
        if (likely(cache_count_below(bytes)))
            return backend_malloc(bytes);
        return route_below(bytes);
    }
    if (unlikely(bytes > BAND_MAX_BYTES))
        return route_fallback(bytes);
    slot = cache_get_fast(bytes, &taken);
    return likely(slot != NULL) ? slot : route_get(bytes, taken);
}

HOT EXPORT void
free(void *ptr)
{
    uintptr_t number = region_number(ptr);

    if (likely(number < REGION_SLABS_MAX)) {
        unsigned offset = region_slab_bin[number];

        if (likely(cache_put_fast(ptr, offset)))
            return;
        route_put(ptr);
        return;
    }
    if (likely(backend_frees_at_once(ptr)))
        backend_free(ptr);
    else
        route_put(ptr);
}

EXPORT void *
calloc(size_t count, size_t size)
{
    size_t bytes;

    if (unlikely(__builtin_mul_overflow(count, size, &bytes))) {
        errno = ENOMEM;
        return NULL;
    }
    if (front_stands())
        return front_calloc(bytes);
    if (size_in_band(bytes))
        return route_get_zero(bytes);
    if (likely(bytes < BAND_MIN_BYTES)) {
        if (likely(cache_count_below(bytes)))
            return backend_calloc(1, bytes);
        return route_below_zero(bytes);
    }
    return route_fallback_zero(bytes);
}

EXPORT void *
realloc(void *ptr, size_t bytes)
{
    if (front_stands())
        return front_realloc(ptr, bytes);
    if (ptr == NULL)
        return malloc(bytes);
    if (bytes == 0) {
        free(ptr);
        return NULL;
    }
    return route_realloc(ptr, bytes);
}

static bool
power_of_two(size_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static void *
get_aligned(size_t align, size_t bytes)
{
    return front_stands() ? front_aligned(align, bytes)
                          : route_get_aligned(align, bytes);
}

/*
 * As glibc's: errno tells a lack of memory as the result does. POSIX leaves it
 * open, and programs that look at errno alone rely on it.
 */
EXPORT int
posix_memalign(void **out, size_t align, size_t bytes)
{
    int kept = errno;
    void *ptr;

    if (!power_of_two(align) || align % sizeof(void *) != 0)
        return EINVAL;
    ptr = get_aligned(align, bytes);
    errno = ptr != NULL ? kept : ENOMEM;
    if (ptr == NULL)
        return ENOMEM;
    *out = ptr;
    return 0;
}

/* As glibc's: an odd alignment is rounded up to a power of two. */
static void *
get_aligned_up(size_t align, size_t bytes)
{
    if (align > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    if (align > 1 && !power_of_two(align))
        align = (size_t)1 << cache_width(align);
    return get_aligned(align == 0 ? 1 : align, bytes);
}

EXPORT void *
memalign(size_t align, size_t bytes)
{
    return get_aligned_up(align, bytes);
}

enum { ALIGNED_ALLOC_STRICT = 38 };

/* From glibc 2.38 on an odd alignment is refused; before it is memalign's. */
EXPORT void *
aligned_alloc(size_t align, size_t bytes)
{
    if (!power_of_two(align) && libc_release_since(ALIGNED_ALLOC_STRICT)) {
        errno = EINVAL;
        return NULL;
    }
    return get_aligned_up(align, bytes);
}

EXPORT void *
valloc(size_t bytes)
{
    return get_aligned(os_page_bytes(), bytes);
}

EXPORT void *
pvalloc(size_t bytes)
{
    if (bytes > SIZE_MAX - os_page_bytes()) {
        errno = ENOMEM;
        return NULL;
    }
    return get_aligned(os_page_bytes(), align_up(bytes, os_page_bytes()));
}

EXPORT size_t
malloc_usable_size(void *ptr)
{
    return ptr == NULL ? 0 : route_usable_size(ptr);
}

/* Names for derived.c of functions here, whose names a test's macro changes. */
#define TEXT(name) TEXT_OF(name)
#define TEXT_OF(name) #name
extern __typeof__(malloc) own_malloc
    __attribute__((alias(TEXT(malloc)), visibility("hidden")));
extern __typeof__(free) own_free
    __attribute__((alias(TEXT(free)), visibility("hidden")));

/* glibc's inner names, which some libraries and old programs call. */
ALIAS(__libc_malloc, malloc, void *, (size_t))
ALIAS(__libc_free, free, void, (void *))
ALIAS(__libc_calloc, calloc, void *, (size_t, size_t))
ALIAS(__libc_realloc, realloc, void *, (void *, size_t))
ALIAS(__libc_memalign, memalign, void *, (size_t, size_t))
ALIAS(__libc_valloc, valloc, void *, (size_t))
ALIAS(__libc_pvalloc, pvalloc, void *, (size_t))
