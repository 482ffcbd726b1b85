/*
 * sized.h - does the size given to a sized delete suit the buffer?
 *
 * Known at once for pooled buffers: the slab tells the size class. Buffers
 * of the fallback allocator are taken on trust.
 */
#ifndef MIDPOOL_INTERPOSE_SIZED_H
#define MIDPOOL_INTERPOSE_SIZED_H

#include "misuse.h"
#include "region.h"
#include "size_class.h"

/* The class's bytes of a pooled buffer; 0 for another pointer. */
static inline size_t
sized_class_bytes(const void *ptr)
{
    uintptr_t number = region_number(ptr);

    if (number >= region.slabs || region_slab_bin[number] == 0)
        return 0;
    return bin_info[bin_of_offset(region_slab_bin[number])].slot_bytes;
}

/*
 * For a buffer that was got for exactly size bytes, without an alignment,
 * and never resized: by operator new. The usual case is one comparison; the
 * rest is a call.
 */
void sized_check_odd(const char *function, const void *ptr, size_t size);

static inline void
sized_check_exact(const char *function, const void *ptr, size_t size)
{
    uintptr_t number = region_number(ptr);

    if (number >= REGION_SLABS_MAX)
        return;
    if (unlikely(!size_in_band(size) ||
                 region_slab_bin[number] !=
                     size_bin_offset[(size - 1) >> SIZE_STEP_SHIFT]))
        sized_check_odd(function, ptr, size);
}

/*
 * For a buffer that may have been resized in place or aligned: its class may
 * be larger than the size asks for.
 */
static inline void
sized_check_room(const char *function, const void *ptr, size_t size)
{
    size_t bytes = sized_class_bytes(ptr);

    if (bytes != 0 && size > bytes)
        sized_check_odd(function, ptr, size);
}

#endif
