/*
 * backend_jemalloc.c - the fallback allocator: jemalloc, embedded.
 */
#include "backend.h"

#include "backend_je.h"

void *
backend_malloc(size_t size)
{
    return je_malloc(size);
}

void *
backend_calloc(size_t count, size_t size)
{
    return je_calloc(count, size);
}

void *
backend_realloc(void *ptr, size_t size)
{
    return je_realloc(ptr, size);
}

void *
backend_memalign(size_t align, size_t size)
{
    return je_aligned_alloc(align, size);
}

void
backend_free(void *ptr)
{
    je_free(ptr);
}

size_t
backend_usable_size(const void *ptr)
{
    return je_malloc_usable_size(ptr);
}

void
backend_trim(void)
{
}

void
backend_usage(struct backend_usage *out)
{
    *out = (struct backend_usage){0};
}
