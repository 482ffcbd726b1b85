/*
 * pool_calls.h - malloc and free over the pool alone, for tests.
 *
 * Purpose   What interpose/api/entry.c does with the pool's fast and slow
 * paths, without a fallback: NULL where the pool does not serve. Programs keep
 * their own malloc, and a sanitizer its.
 */
#ifndef MIDPOOL_TESTS_POOL_CALLS_H
#define MIDPOOL_TESTS_POOL_CALLS_H

#include "pool.h"
#include "serve.h"

/* Requires size_in_band(bytes). */
void *pool_get(size_t bytes);

/* Aligned to a page. Requires size_in_band(bytes). */
void *pool_get_aligned(size_t bytes);

/* Reads as zero. Requires size_in_band(bytes). */
void *pool_get_zero(size_t bytes);

/* Requires a pointer that a get returned. */
enum cache_put_result pool_put(void *ptr);

/* NULL, with ptr untouched, where the pool has no memory. */
void *pool_resize(void *ptr, size_t bytes);

/* Fills, and checks, a buffer with a pattern of its own; see pool_filled. */
void pool_fill(void *ptr, size_t bytes, uint64_t seed);
bool pool_filled(const void *ptr, size_t bytes, uint64_t seed);

/* The next number of a small generator; *state is never 0. */
uint64_t pool_draw(uint64_t *state);

/* A size of the band, small ones more often. */
size_t pool_draw_size(uint64_t *state);

#endif
