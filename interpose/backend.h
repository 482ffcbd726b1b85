/*
 * backend.h - the fallback allocator's seam.
 *
 * What is outside the band, and what can not be pooled, goes here. The only
 * implementation is jemalloc, linked in statically with its symbols renamed
 * and hidden (backend_jemalloc.c), so that each of these is a direct jump.
 *
 * Semantics are glibc's where jemalloc's differ: impossible sizes (above
 * PTRDIFF_MAX) fail with ENOMEM in every function, free keeps errno.
 */
#ifndef MIDPOOL_INTERPOSE_BACKEND_H
#define MIDPOOL_INTERPOSE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

void *backend_malloc(size_t size);
void *backend_calloc(size_t count, size_t size); /* product checked */
void *backend_realloc(void *ptr, size_t size);   /* ptr may be NULL, size > 0 */
void *backend_memalign(size_t align, size_t size); /* align: power of two */
void backend_free(void *ptr);
size_t backend_usable_size(const void *ptr);

/*
 * Does jemalloc own ptr? Cheap: a comparison against its reserved range.
 * True also where it can not be known (range exhausted, no reservation).
 */
bool backend_owns(const void *ptr);

/* Returns unused memory to the system, for malloc_trim. */
void backend_trim(void);

/* Bytes in use and mapped, for mallinfo and reports; 0 when unknown. */
struct backend_usage {
    size_t allocated_bytes;
    size_t resident_bytes;
    size_t mapped_bytes;
};
void backend_usage(struct backend_usage *out);

/*
 * Fork, in this order: prepare in the parent, then one of the others. Takes
 * glibc's stdio list lock before jemalloc's own (see backend_fork.c), may be
 * called with a jemalloc lock held by the calling thread (fork in a signal
 * handler), and does nothing in a process with one thread.
 */
void backend_fork_prepare(void);
void backend_fork_parent(void);
void backend_fork_child(void);

#endif
