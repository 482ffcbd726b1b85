/* mallocx_other.c - see mallocx_other.h. */
#include "mallocx_other.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "front.h"
#include "midpool_exports.h"
#include "own_image.h"
#include "placed.h"

enum { ALIGN_OF_MALLOC = 16 };

static bool
is_plain(int flags)
{
    return placed_align(flags) <= ALIGN_OF_MALLOC;
}

void *
mallocx_other_get(size_t size, int flags)
{
    void *ptr = NULL;
    int error;

    if (is_plain(flags))
        return (flags & PLACED_ZERO) != 0 ? calloc(1, size) : malloc(size);
    error = posix_memalign(&ptr, placed_align(flags), size);
    if (error != 0) {
        errno = error;
        return NULL;
    }
    return (flags & PLACED_ZERO) != 0 ? memset(ptr, 0, size) : ptr;
}

/* Asks the other allocator; 0 if it has no malloc_usable_size. */
size_t
mallocx_other_bytes(const void *ptr)
{
    uintptr_t function = (uintptr_t)malloc_usable_size;

    __asm__("" : "+r"(function));
    if (front_is_found && own_image_holds(function))
        return 0;
    return malloc_usable_size((void *)(uintptr_t)ptr);
}

static void *
move(void *ptr, size_t size, int flags, size_t held)
{
    void *moved = mallocx_other_get(size, flags);

    if (moved == NULL)
        return NULL;
    memcpy(moved, ptr, held < size ? held : size);
    free(ptr);
    return moved;
}

void *
mallocx_other_resize(void *ptr, size_t size, int flags)
{
    size_t held;

    if (is_plain(flags) && (flags & PLACED_ZERO) == 0)
        return realloc(ptr, size);
    held = mallocx_other_bytes(ptr);
    if (held == 0) {
        errno = ENOMEM;
        return NULL;
    }
    return move(ptr, size, flags, held);
}

size_t
mallocx_other_estimate(size_t size, int flags)
{
    return size > PTRDIFF_MAX - placed_align(flags) ? 0 : size;
}
