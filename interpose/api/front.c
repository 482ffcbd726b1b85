/* front.c - see front.h. */
#include "front.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "passthrough.h"

bool front_is_found;

/* Of the aligned forms only those that the other allocator has itself. */
static struct {
    int (*posix_memalign)(void **out, size_t align, size_t bytes);
    void *(*memalign)(size_t align, size_t bytes);
    void *(*aligned_alloc)(size_t align, size_t bytes);
    size_t (*malloc_usable_size)(void *ptr);
} front;

static struct {
    void *(*memalign)(size_t align, size_t bytes);
    void *(*realloc)(void *ptr, size_t bytes);
} next;

/* The function in force if it is the other allocator's, or NULL. */
static void *
in_front(uintptr_t in_force)
{
    return passthrough_is_elsewhere(in_force) ? (void *)in_force : NULL;
}

#define FIND_IN_FRONT(name) *(void **)&front.name = in_front((uintptr_t)(name))

bool
front_find(void)
{
    if (in_front((uintptr_t)malloc) == NULL)
        return false;
    FIND_IN_FRONT(posix_memalign);
    FIND_IN_FRONT(memalign);
    FIND_IN_FRONT(aligned_alloc);
    FIND_IN_FRONT(malloc_usable_size);
    *(void **)&next.memalign = dlsym(RTLD_NEXT, "memalign");
    *(void **)&next.realloc = dlsym(RTLD_NEXT, "realloc");
    front_is_found = true;
    return true;
}

/* Compilers turn malloc and memset into calloc, which is what came here. */
void *
front_calloc(size_t bytes)
{
    void *ptr = malloc(bytes);

    __asm__("" : "+r"(bytes));
    return ptr != NULL ? memset(ptr, 0, bytes) : NULL;
}

static void *
move(void *ptr, size_t bytes)
{
    size_t held = front.malloc_usable_size(ptr);
    void *moved = malloc(bytes);

    if (moved == NULL)
        return NULL;
    memcpy(moved, ptr, bytes < held ? bytes : held);
    free(ptr);
    return moved;
}

/* Nobody but the other allocator knows how long its buffer is. */
void *
front_realloc(void *ptr, size_t bytes)
{
    if (ptr == NULL)
        return malloc(bytes);
    if (front.malloc_usable_size == NULL)
        return next.realloc(ptr, bytes);
    if (bytes == 0) {
        free(ptr);
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
        return malloc(bytes);
    return next.memalign(align, bytes);
}
