/*
 * backend_map.h - which addresses are jemalloc's, and its refused memory.
 */
#ifndef MIDPOOL_INTERPOSE_BACKEND_MAP_H
#define MIDPOOL_INTERPOSE_BACKEND_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend_window.h"

/* The answer of backend_owns for pointers outside the window. */
bool backend_owns_outside(const void *ptr);

/*
 * Does jemalloc own ptr? A shift and a comparison. True also where it can
 * not be known: once memory had to be taken from outside the window.
 */
static inline bool
backend_owns(const void *ptr)
{
    return (uintptr_t)ptr >> BACKEND_WINDOW_SHIFT == backend_window ||
           backend_owns_outside(ptr);
}

/*
 * The same for free: false also where a free is to be looked at. For that the
 * window of free is another variable, which then names none.
 */
bool backend_quick_outside(const void *ptr);

static inline bool
backend_frees_at_once(const void *ptr)
{
    return (uintptr_t)ptr >> BACKEND_WINDOW_SHIFT == backend_quick_window ||
           backend_quick_outside(ptr);
}

/*
 * From now on jemalloc may own memory that lies anywhere: the program brings
 * its own.
 */
void backend_expect_outside(void);

/*
 * Called when the system refuses memory to jemalloc, which may hold its locks:
 * must not allocate. Returns the bytes of address space that it gave back; if
 * any, the system is asked once more. NULL: none. Not with -Djemalloc=shared.
 */
extern size_t (*backend_on_refusal)(void);

#endif
