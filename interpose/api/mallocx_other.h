/*
 * mallocx_other.h - jemalloc's own allocation functions over another
 * allocator.
 *
 * Where another library, the executable or a tool brings malloc and free but
 * not mallocx, its memory is what mallocx has to hand out. All is built on the
 * standard functions that the program gets. Beyond the size that was asked for
 * nothing is promised to be zero.
 */
#ifndef MIDPOOL_INTERPOSE_MALLOCX_OTHER_H
#define MIDPOOL_INTERPOSE_MALLOCX_OTHER_H

#include <stddef.h>

/* flags as in placed.h; a selection has no meaning here. */
void *mallocx_other_get(size_t size, int flags);

/*
 * NULL, with ptr untouched: there is no memory, or flags need
 * malloc_usable_size, which the other allocator lacks.
 */
void *mallocx_other_resize(void *ptr, size_t size, int flags);

/* The bytes that the buffer holds; 0 where they can not be known. */
size_t mallocx_other_bytes(const void *ptr);

/* The least bytes that mallocx_other_get would give; 0: it is impossible. */
size_t mallocx_other_estimate(size_t size, int flags);

#endif
