/*
 * predict.h - an independent count of what the calls of one thread mean.
 */
#ifndef TESTS_PRELOAD_PREDICT_H
#define TESTS_PRELOAD_PREDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A block of size bytes was allocated: align is 0 for malloc and its like,
 * else what was asked for; zeroed for calloc.
 */
void predict_get(const void *ptr, size_t size, size_t align, bool zeroed);

/* A block that predict_get or predict_resize saw is about to be freed. */
void predict_put(const void *ptr, size_t size, size_t align);

/* A block was resized from (address, size, align) to (now, new_size). */
void predict_resize(uintptr_t address, size_t size, size_t align,
                    const void *now, size_t new_size);

/* Writes the expected numbers as JSON. */
void predict_write(int fd);

#endif
