/*
 * midpool_exports.h - how a function is exported; which are is said by
 * exports.map, the one list.
 */
#ifndef MIDPOOL_INTERPOSE_EXPORTS_H
#define MIDPOOL_INTERPOSE_EXPORTS_H

#include <stdbool.h>
#include <stddef.h>

#include "export.h"

/* Another exported name of a function in the same file. */
#define ALIAS(name, target, result, arguments)                                 \
    EXPORT result name arguments __attribute__((alias(#target)));

/* Names that libc's headers do not declare, or only newer ones. */
void free_sized(void *ptr, size_t bytes);
void free_aligned_sized(void *ptr, size_t align, size_t bytes);
void cfree(void *ptr);

/* Those that they do, without dragging stdlib.h's attributes in. */
void *malloc(size_t bytes);
void free(void *ptr);
void *calloc(size_t count, size_t size);
void *realloc(void *ptr, size_t bytes);
void *reallocarray(void *ptr, size_t count, size_t size);
int posix_memalign(void **out, size_t align, size_t bytes);
void *aligned_alloc(size_t align, size_t bytes);
void *memalign(size_t align, size_t bytes);
void *valloc(size_t bytes);
void *pvalloc(size_t bytes);
size_t malloc_usable_size(void *ptr);

/* jemalloc's own; see jemalloc(3). */
void *mallocx(size_t size, int flags);
void *rallocx(void *ptr, size_t size, int flags);
size_t xallocx(void *ptr, size_t size, size_t extra, int flags);
size_t sallocx(const void *ptr, int flags);
void dallocx(void *ptr, int flags);
void sdallocx(void *ptr, size_t size, int flags);
size_t nallocx(size_t size, int flags);
int mallctl(const char *name, void *old, size_t *old_bytes, void *value,
            size_t bytes);
int mallctlnametomib(const char *name, size_t *mib, size_t *length);
int mallctlbymib(const size_t *mib, size_t length, void *old, size_t *old_bytes,
                 void *value, size_t bytes);
void malloc_stats_print(void (*write)(void *, const char *), void *opaque,
                        const char *options);

/* malloc and free of this library, also where another allocator is in force. */
extern __attribute__((visibility("hidden"))) void *own_malloc(size_t bytes);
extern __attribute__((visibility("hidden"))) void own_free(void *ptr);

/*
 * Are the malloc and free that the program gets this library's? Another
 * library's may hand calls on to ours with other sizes and addresses, so that
 * no size can be judged.
 */
bool derived_allocator_is_own(void);

#endif
