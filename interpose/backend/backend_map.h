/*
 * backend_map.h - which addresses are jemalloc's, and its refused memory.
 */
#ifndef MIDPOOL_INTERPOSE_BACKEND_MAP_H
#define MIDPOOL_INTERPOSE_BACKEND_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where jemalloc's memory lies: all of it in one window of address space,
 * whose number (address >> BACKEND_WINDOW_SHIFT) this is; see backend_map.c.
 */
enum { BACKEND_WINDOW_SHIFT = 42 };
extern __attribute__((visibility("hidden"))) uintptr_t backend_window;

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
