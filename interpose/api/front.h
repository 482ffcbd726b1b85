/*
 * front.h - another allocator stands before this library.
 *
 * Purpose   A program whose malloc is another library's, or its own, still
 *           gets from here the functions that the other one does not define.
 *           Memory from these must be memory that its free understands.
 * Model     A function is built on the other allocator's where that is
 *           possible: calloc on malloc, aligned forms on one of its aligned
 *           ones. All others are handed to the next library, libc as a rule,
 *           as if this one were not there.
 *           A wrapper that hands its calls on to this library's malloc, as
 *           heaptrack does, is no other allocator: as soon as its first call
 *           is seen (route_served) everything is served as usual.
 * Ownership Written at start, read-only afterwards.
 */
#ifndef MIDPOOL_INTERPOSE_FRONT_H
#define MIDPOOL_INTERPOSE_FRONT_H

#include <stdbool.h>
#include <stddef.h>

#include "base.h"
#include "passthrough.h"
#include "route.h"

/* Is malloc defined elsewhere? */
extern bool front_is_found;

/*
 * At start, before anything of ours can allocate through libc: looks for the
 * other allocator's functions among those in force. Gives front_is_found.
 */
bool front_find(const struct in_force *in_force);

/* Must the calls go past this library? */
static inline bool
front_stands(void)
{
    return unlikely(front_is_found) && !route_has_served();
}

/* As the functions of these names; errno as the other allocator sets it. */
void *front_calloc(size_t bytes);
void *front_realloc(void *ptr, size_t bytes);

/* align is a power of two. */
void *front_aligned(size_t align, size_t bytes);

#endif
