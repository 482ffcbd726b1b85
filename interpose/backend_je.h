/*
 * backend_je.h - the embedded jemalloc, as backend_embed.sh renamed it.
 *
 * Purpose   Declares the few functions of jemalloc that the backend calls,
 *           and those that jemalloc calls instead of libc's. Only
 *           backend_*.c include it.
 */
#ifndef MIDPOOL_INTERPOSE_BACKEND_JE_H
#define MIDPOOL_INTERPOSE_BACKEND_JE_H

#include <stdbool.h>
#include <stddef.h>

/* jemalloc's API. */
void *je_malloc(size_t size);
void *je_calloc(size_t count, size_t size);
void *je_realloc(void *ptr, size_t size);
void *je_aligned_alloc(size_t align, size_t size);
void je_free(void *ptr);
size_t je_malloc_usable_size(const void *ptr);
int je_mallctl(const char *name, void *old, size_t *old_bytes, void *new,
               size_t new_bytes);

/* jemalloc's fork handlers, which it would register with pthread_atfork. */
void je_jemalloc_prefork(void);
void je_jemalloc_postfork_parent(void);
void je_jemalloc_postfork_child(void);

#endif
