/*
 * backend.h - the fallback allocator's seam.
 *
 * Purpose   Serves requests outside the band and those that cannot be pooled.
 * Model     The implementation is jemalloc, linked in statically with its
 *           symbols renamed and hidden (backend_embed.sh): backend_free is
 *           jemalloc's free itself, so that a call is a direct jump. With
 *           -Djemalloc=shared, backend_shared.c calls libjemalloc.so.
 *
 * Semantics are glibc's where jemalloc's differ: every block is aligned to 16
 * bytes at least, impossible sizes (above PTRDIFF_MAX) fail with ENOMEM in
 * every function, free keeps errno.
 */
#ifndef MIDPOOL_INTERPOSE_BACKEND_H
#define MIDPOOL_INTERPOSE_BACKEND_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend_conf.h"
#include "backend_map.h"

enum { BACKEND_MIN_ALIGN = 16 };

/* jemalloc's own functions, of the smallest blocks too (backend_small.c). */
void *backend_raw_malloc(size_t size);
void *backend_raw_calloc(size_t count, size_t size);
void *backend_raw_realloc(void *ptr, size_t size);
void *backend_raw_aligned_alloc(size_t align, size_t size);

static inline void *
backend_malloc(size_t size)
{
    return backend_raw_malloc(size);
}

/* The product is checked. */
static inline void *
backend_calloc(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        bytes = SIZE_MAX;
    return backend_raw_calloc(1, bytes);
}

/* ptr may be NULL, size is above 0. */
static inline void *
backend_realloc(void *ptr, size_t size)
{
    void *moved = backend_raw_realloc(ptr, size);

    if (__builtin_expect(moved == NULL, 0))
        errno = ENOMEM; /* jemalloc does not say so of a block that is there */
    return moved;
}

/* align is a power of two. */
static inline void *
backend_memalign(size_t align, size_t size)
{
    if (align < BACKEND_MIN_ALIGN)
        align = BACKEND_MIN_ALIGN;
    return backend_raw_aligned_alloc(align, size);
}

void backend_free(void *ptr);
size_t backend_usable_size(const void *ptr);

/*
 * jemalloc's own public functions; see jemalloc(3). mallocx.c, mallctl.c and
 * stats_print.c use them for everything that is not the pools'. With
 * -Djemalloc=shared, only the first two exist.
 */
void *backend_mallocx(size_t size, int flags);
void *backend_rallocx(void *ptr, size_t size, int flags);
size_t backend_xallocx(void *ptr, size_t size, size_t extra, int flags);
void backend_dallocx(void *ptr, int flags);
size_t backend_nallocx(size_t size, int flags);
int backend_mallctl(const char *name, void *old, size_t *old_bytes, void *value,
                    size_t bytes);
int backend_mallctlnametomib(const char *name, size_t *mib, size_t *length);
int backend_mallctlbymib(const size_t *mib, size_t length, void *old,
                         size_t *old_bytes, void *value, size_t bytes);
void backend_stats_print(void (*write)(void *, const char *), void *opaque,
                         const char *options);

/* Returns unused memory to the system, for malloc_trim. */
void backend_trim(void);

/*
 * After a refusal of memory: returns idle memory of the pools
 * (backend_on_refusal), of jemalloc and of the calling thread's caches to the
 * system, with its address space. Other threads' caches stay as they are.
 * Requires that none of jemalloc's locks is held.
 */
void backend_give_back(void);

/* Bytes in use and mapped, for mallinfo and reports; 0 when unknown. */
struct backend_usage {
    size_t allocated_bytes; /* with blocks that threads' caches keep */
    size_t resident_bytes;
    size_t mapped_bytes;
    size_t large_bytes; /* of the allocated ones, in blocks of whole pages */
    size_t large_blocks;
    size_t idle_regions; /* places for small blocks, free */
};
void backend_usage(struct backend_usage *out);

/*
 * A statistic of 8 or 4 bytes by its name, 0 where there is none of that name,
 * as of the last call of backend_read_anew.
 */
size_t backend_read(const char *name);
void backend_read_anew(void);

/*
 * Fork, in this order: prepare in the parent, then one of the others. Takes
 * glibc's stdio list lock before jemalloc's own (see backend_fork.c), may be
 * called with a jemalloc lock held by the calling thread (fork in a signal
 * handler), and does nothing in a process with one thread. Between prepare
 * and parent the calling thread may allocate.
 */
void backend_fork_prepare(void);
void backend_fork_parent(void);
void backend_fork_child(void);

/*
 * As backend_set_conf, and starts jemalloc. Call it while the process has one
 * thread, once the environment is known for certain.
 */
void backend_configure(const char *conf);

#endif
