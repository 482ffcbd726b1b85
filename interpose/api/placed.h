/*
 * placed.h - requests that come with flags, as those of mallocx.
 *
 * Purpose   The pools' part of jemalloc's own interface: the place from which a
 *           request with flags is served, and the real size of its buffer.
 * Model     flags are jemalloc's: its bits below PLACED_ZERO are the logarithm
 *           of the alignment, those from PLACED_SELECT_SHIFT on select a cache
 *           or an arena of jemalloc, which then serves the request. Without a
 *           selection the band is the pools'. A buffer's real size is its
 *           slot's, and all of it may be used.
 */
#ifndef MIDPOOL_INTERPOSE_PLACED_H
#define MIDPOOL_INTERPOSE_PLACED_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PLACED_LG_ALIGN = 0x3f,
    PLACED_ZERO = 0x40,
    PLACED_SELECT_SHIFT = 8,
};

static inline size_t
placed_align(int flags)
{
    return (size_t)1 << (flags & PLACED_LG_ALIGN);
}

static inline bool
placed_selects(int flags)
{
    return flags >> PLACED_SELECT_SHIFT != 0;
}

/* bytes is above 0. NULL with ENOMEM. With PLACED_ZERO all of it is zero. */
void *placed_get(size_t bytes, int flags);

/*
 * ptr is not NULL, bytes above 0. A buffer of the class that placed_get would
 * take, at the same address if it is of that class and aligned. With
 * PLACED_ZERO the bytes beyond the old real size are zero. NULL, with ptr
 * untouched, where there is no memory.
 */
void *placed_resize(void *ptr, size_t bytes, int flags);

/*
 * The same without moving: returns the real size, which is less than bytes
 * where that can not be. 0, reported, for a pointer that is not handed out.
 */
size_t placed_resize_here(void *ptr, size_t bytes, size_t extra, int flags);

/* The real size of the buffer that placed_get would return; 0: impossible. */
size_t placed_bytes(size_t bytes, int flags);

#endif
