/*
 * entry_renamed.h - the exported calls under other names, so that a program
 * keeps its own malloc next to them.
 */
#ifndef MIDPOOL_TESTS_FUZZ_ENTRY_RENAMED_H
#define MIDPOOL_TESTS_FUZZ_ENTRY_RENAMED_H

#include <stddef.h>

void *mid_malloc(size_t bytes);
void mid_free(void *ptr);
void *mid_calloc(size_t count, size_t size);
void *mid_realloc(void *ptr, size_t bytes);
void *mid_reallocarray(void *ptr, size_t count, size_t size);
int mid_posix_memalign(void **out, size_t align, size_t bytes);
void *mid_aligned_alloc(size_t align, size_t bytes);
void *mid_memalign(size_t align, size_t bytes);
void *mid_valloc(size_t bytes);
void *mid_pvalloc(size_t bytes);
size_t mid_malloc_usable_size(void *ptr);
void mid_free_sized(void *ptr, size_t bytes);
void mid_free_aligned_sized(void *ptr, size_t align, size_t bytes);
void mid_cfree(void *ptr);

#endif
