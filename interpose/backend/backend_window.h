/*
 * backend_window.h - the window of address space that is jemalloc's.
 */
#ifndef MIDPOOL_INTERPOSE_BACKEND_WINDOW_H
#define MIDPOOL_INTERPOSE_BACKEND_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The number (address >> BACKEND_WINDOW_SHIFT) of the window of address space
 * in which all of jemalloc's memory lies.
 */
enum { BACKEND_WINDOW_SHIFT = 42 };
extern __attribute__((visibility("hidden"))) uintptr_t backend_window;

/* The same for free; none while frees are watched. */
extern __attribute__((visibility("hidden"))) uintptr_t backend_quick_window;

/* Is each free to be looked at? */
extern __attribute__((visibility("hidden"))) bool backend_frees_watched;

/* From now on no free takes the quick way. Requires that one thread runs. */
void backend_watch_frees(void);

/* The window is that one. */
void backend_set_window(uintptr_t number);

#endif
