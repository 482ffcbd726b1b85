/*
 * backend_shared.c - the fallback allocator: the system's libjemalloc.so.
 *
 * Purpose   For systems without libjemalloc_pic.a (-Djemalloc=shared).
 * Model     jemalloc's own names (mallocx and so on), since malloc is ours by
 *           now. A lesser mode: what midpool can do for the embedded jemalloc
 *           it can not do for this one:
 *           - fork is jemalloc's affair, and may hang a program that forks
 *             while other threads use stdio;
 *           - pointers of other allocators are not told from jemalloc's;
 *           - threads that start when memory has run out may crash;
 *           - MALLOC_CONF alone configures it.
 */
#include "backend.h"

#include <errno.h>
#include <jemalloc/jemalloc.h>

#include "guard_slot.h"

/* jemalloc aligns smaller blocks to 8 bytes only. */
enum { MIN_BYTES = 9 };

static size_t
at_least(size_t size)
{
    return size < MIN_BYTES ? MIN_BYTES : size;
}

/* jemalloc's flags say the logarithm of the alignment. */
static void *
allocate(size_t size, int flags)
{
    void *ptr = size > PTRDIFF_MAX ? NULL : mallocx(at_least(size), flags);

    if (ptr == NULL)
        errno = ENOMEM;
    return ptr;
}

void *
backend_raw_malloc(size_t size)
{
    return allocate(size, 0);
}

void *
backend_raw_calloc(size_t count, size_t size)
{
    if (__builtin_mul_overflow(count, size, &size))
        size = SIZE_MAX;
    return allocate(size, MALLOCX_ZERO);
}

void *
backend_raw_realloc(void *ptr, size_t size)
{
    if (ptr == NULL)
        return allocate(size, 0);
    return size > PTRDIFF_MAX ? NULL : rallocx(ptr, at_least(size), 0);
}

void *
backend_raw_aligned_alloc(size_t align, size_t size)
{
    return allocate(size, MALLOCX_LG_ALIGN(__builtin_ctzl(align)));
}

void *
backend_mallocx(size_t size, int flags)
{
    return mallocx(size, flags);
}

void *
backend_rallocx(void *ptr, size_t size, int flags)
{
    return rallocx(ptr, size, flags);
}

void
backend_free(void *ptr)
{
    int saved = errno;

    if (ptr != NULL)
        dallocx(ptr, 0);
    errno = saved;
}

size_t
backend_usable_size(const void *ptr)
{
    return ptr == NULL ? 0 : sallocx(ptr, 0);
}

bool
backend_owns_outside(const void *ptr)
{
    return !guard_owns(ptr);
}

void
backend_set_conf(const char *conf)
{
    (void)conf;
}

void
backend_configure(const char *conf)
{
    (void)conf;
}

size_t
backend_read(const char *name)
{
    uint32_t half = 0;
    size_t value = 0;
    size_t bytes = sizeof(value);

    if (mallctl(name, &value, &bytes, NULL, 0) == 0)
        return value;
    bytes = sizeof(half);
    return mallctl(name, &half, &bytes, NULL, 0) == 0 ? half : 0;
}

size_t (*backend_on_refusal)(void);

void
backend_trim(void)
{
    (void)mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    (void)mallctl("arena.4096.purge", NULL, NULL, NULL, 0); /* all arenas */
}

void
backend_give_back(void)
{
    if (backend_on_refusal != NULL)
        (void)backend_on_refusal();
    backend_trim();
}

void
backend_read_anew(void)
{
    uint64_t epoch = 1; /* any value */

    (void)mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
}

void
backend_fork_prepare(void)
{
}

void
backend_fork_parent(void)
{
}

void
backend_fork_child(void)
{
}

bool
backend_quick_outside(const void *ptr)
{
    return !backend_frees_watched && backend_owns_outside(ptr);
}
