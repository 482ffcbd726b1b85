/*
 * derived.c - exported functions that are built on other exported ones.
 *
 * Each calls the function below it by its symbol, as the dynamic linker bound
 * it. If another library or the executable defines malloc, realloc and free but
 * none of these, they must work on that allocator's memory. None of them may
 * therefore be defined in the file of the function it calls, because the
 * compiler would bind the call at once.
 */
#include <errno.h>

#include "midpool_exports.h"
#include "route.h"

EXPORT void *
reallocarray(void *ptr, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(ptr, bytes);
}

bool
derived_allocator_is_own(void)
{
    return export_is_own((uintptr_t)malloc, (uintptr_t)own_malloc) &&
           export_is_own((uintptr_t)free, (uintptr_t)own_free);
}

static void
put_sized(const char *function, void *ptr, size_t bytes)
{
    if (likely(ptr == NULL || !derived_allocator_is_own() ||
               route_check_size(function, ptr, bytes)))
        free(ptr);
}

EXPORT void
free_sized(void *ptr, size_t bytes)
{
    put_sized(__func__, ptr, bytes);
}

EXPORT void
free_aligned_sized(void *ptr, size_t align, size_t bytes)
{
    (void)align;
    put_sized(__func__, ptr, bytes);
}

EXPORT void
cfree(void *ptr)
{
    free(ptr);
}
