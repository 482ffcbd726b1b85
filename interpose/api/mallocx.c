/*
 * mallocx.c - jemalloc's own allocation functions, for programs that call
 * them. jemalloc(3) describes them.
 *
 * They work on the memory of the allocator behind the program's malloc and
 * free. If that is not midpool, mallocx_other.c builds them on its functions.
 * flags choose between pools and jemalloc; a pointer alone shows its owner.
 */
#include "backend.h"
#include "mallocx_other.h"
#include "midpool_exports.h"
#include "passthrough.h"
#include "placed.h"
#include "region.h"
#include "route.h"
#include "sample.h"

EXPORT void *
mallocx(size_t size, int flags)
{
    if (unlikely(passthrough_is_on))
        return mallocx_other_get(size, flags);
    return likely(flags == 0) ? own_malloc(size) : placed_get(size, flags);
}

EXPORT void *
rallocx(void *ptr, size_t size, int flags)
{
    if (unlikely(passthrough_is_on))
        return mallocx_other_resize(ptr, size, flags);
    return placed_resize(ptr, size, flags);
}

EXPORT size_t
xallocx(void *ptr, size_t size, size_t extra, int flags)
{
    if (unlikely(passthrough_is_on))
        return mallocx_other_bytes(ptr);
    return placed_resize_here(ptr, size, extra, flags);
}

EXPORT size_t
sallocx(const void *ptr, int flags)
{
    (void)flags;
    if (unlikely(passthrough_is_on))
        return mallocx_other_bytes(ptr);
    return route_usable_size(ptr);
}

/* A cache or an arena is of interest to jemalloc only, for its own memory. */
static void
put(void *ptr, int flags)
{
    bool pooled = region_number(ptr) < REGION_SLABS_MAX;

    if (likely(pooled || ptr == NULL || !placed_selects(flags) ||
               !backend_owns(ptr)))
        own_free(ptr);
    else {
        sample_end_outside(ptr);
        backend_dallocx(ptr, flags);
    }
}

EXPORT void
dallocx(void *ptr, int flags)
{
    if (unlikely(passthrough_is_on))
        free(ptr);
    else
        put(ptr, flags);
}

/* The size is looked at where it is known, and not needed. */
EXPORT void
sdallocx(void *ptr, size_t size, int flags)
{
    if (unlikely(passthrough_is_on))
        free(ptr);
    else if (likely(route_check_size(__func__, ptr, size)))
        put(ptr, flags);
}

EXPORT size_t
nallocx(size_t size, int flags)
{
    if (unlikely(passthrough_is_on))
        return mallocx_other_estimate(size, flags);
    return placed_bytes(size, flags);
}
