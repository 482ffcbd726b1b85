/*
 * route.h - size to pool or backend, pointer to owner: the ways that
 * entry.c's fast paths do not take.
 */
#ifndef MIDPOOL_INTERPOSE_ROUTE_H
#define MIDPOOL_INTERPOSE_ROUTE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "cache.h"

/*
 * Was malloc called? If so, and another malloc is in front of ours, its calls
 * are handed on to us. Written on slow paths, which every first call takes.
 */
extern atomic_bool route_served;

static inline bool
route_has_served(void)
{
    return atomic_load_explicit(&route_served, memory_order_relaxed);
}

/* Serves a request of the band after the fast path gave up; taken: how far. */
void *route_get(size_t bytes, enum cache_taken taken);

/* The same, reading as zero. */
void *route_get_zero(size_t bytes);

/* A request of any size, aligned to align, a power of two. NULL with ENOMEM. */
void *route_get_aligned(size_t align, size_t bytes);

/*
 * The bin for a request with that alignment, a power of two; ROUTE_NO_BIN: it
 * is jemalloc's.
 */
enum { ROUTE_NO_BIN = -1 };
int route_bin_aligned(size_t align, size_t bytes);

/*
 * A slot of the bin, which is route_bin_aligned's for align and bytes. *zero:
 * all of it reads as zero. NULL, counted as a bypass, when there is none.
 */
void *route_get_bin(unsigned bin, size_t align, size_t bytes, bool *zero);

/*
 * Counts a request that goes to jemalloc; one of the band as a bypass. Returns
 * the rate for sample_tell_outside if it is a sample, otherwise 0.
 */
uint64_t route_count_fallback(size_t bytes);

/*
 * jemalloc's mallocx, or rallocx of ptr. NULL with ENOMEM, after all idle
 * memory was given back. Counts nothing.
 */
void *route_ask_flagged(void *ptr, size_t bytes, int flags);

/* A request below the band that could not be counted at once. */
void *route_below(size_t bytes);
void *route_below_zero(size_t bytes);

/* A request outside the band. NULL with ENOMEM. */
void *route_fallback(size_t bytes);
void *route_fallback_zero(size_t bytes);

/* ptr is not NULL and bytes not 0. NULL with ENOMEM, ptr untouched. */
void *route_realloc(void *ptr, size_t bytes);

/* A pointer that the fast path did not put, NULL included. Keeps errno. */
void route_put(void *ptr);

/* ptr is not NULL. 0 for a pointer that is not handed out. */
size_t route_usable_size(const void *ptr);

/*
 * Reports a size, given to the function of that name, that can not have been
 * asked for when ptr was got. The buffer itself is good, so it may be put all
 * the same; false, reported as well, for a pointer that is not handed out.
 */
bool route_check_size(const char *function, const void *ptr, size_t bytes);

#endif
