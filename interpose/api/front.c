/* front.c - see front.h. */
#include "front.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

bool front_is_found;

/*
 * malloc and free in force; of the others NULL stands for each that the other
 * allocator does not define.
 */
static struct in_force front;

static struct {
    void *(*memalign)(size_t align, size_t bytes);
    void *(*realloc)(void *ptr, size_t bytes);
} next;

#define KEEP_ELSEWHERE(name)                                                   \
    front.name = passthrough_is_elsewhere((uintptr_t)in_force->name)           \
                     ? in_force->name                                          \
                     : NULL

bool
front_find(const struct in_force *in_force)
{
    if (!passthrough_is_elsewhere((uintptr_t)in_force->malloc))
        return false;
    front.malloc = in_force->malloc;
    front.free = in_force->free;
    KEEP_ELSEWHERE(posix_memalign);
    KEEP_ELSEWHERE(memalign);
    KEEP_ELSEWHERE(aligned_alloc);
    KEEP_ELSEWHERE(malloc_usable_size);
    *(void **)&next.memalign = dlsym(RTLD_NEXT, "memalign");
    *(void **)&next.realloc = dlsym(RTLD_NEXT, "realloc");
    front_is_found = true;
    return true;
}

/* calloc by malloc. The compiler must not turn the two calls into calloc. */
void *
front_calloc(size_t bytes)
{
    void *ptr = front.malloc(bytes);

    __asm__("" : "+r"(bytes));
    return ptr != NULL ? memset(ptr, 0, bytes) : NULL;
}

static void *
move(void *ptr, size_t bytes)
{
    size_t held = front.malloc_usable_size(ptr);
    void *moved = front.malloc(bytes);

    if (moved == NULL)
        return NULL;
    memcpy(moved, ptr, bytes < held ? bytes : held);
    front.free(ptr);
    return moved;
}

/* Only the other allocator knows its buffer's length. */
void *
front_realloc(void *ptr, size_t bytes)
{
    if (ptr == NULL)
        return front.malloc(bytes);
    if (front.malloc_usable_size == NULL)
        return next.realloc(ptr, bytes);
    if (bytes == 0) {
        front.free(ptr);
        return NULL;
    }
    return move(ptr, bytes);
}

static void *
from_posix_memalign(size_t align, size_t bytes)
{
    void *ptr = NULL;
    int error;

    if (align < sizeof(void *))
        align = sizeof(void *);
    error = front.posix_memalign(&ptr, align, bytes);
    if (error == 0)
        return ptr;
    errno = error;
    return NULL;
}

/* C11 leaves sizes that are no multiple of the alignment to the allocator. */
static void *
from_aligned_alloc(size_t align, size_t bytes)
{
    size_t rest = bytes % align;

    if (rest != 0 && __builtin_add_overflow(bytes, align - rest, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return front.aligned_alloc(align, bytes);
}

void *
front_aligned(size_t align, size_t bytes)
{
    if (front.posix_memalign != NULL)
        return from_posix_memalign(align, bytes);
    if (front.memalign != NULL)
        return front.memalign(align, bytes);
    if (front.aligned_alloc != NULL)
        return from_aligned_alloc(align, bytes);
    if (align <= _Alignof(max_align_t))
        return front.malloc(bytes);
    return next.memalign(align, bytes);
}
