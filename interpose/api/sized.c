/*
 * sized.c - see sized.h.
 */
#include "sized.h"

#include "midpool_exports.h"

void
sized_check_odd(const char *function, const void *ptr, size_t size)
{
    size_t bytes = sized_class_bytes(ptr);

    if (bytes != 0 && derived_allocator_is_own() &&
        (!size_in_band(size) || bin_info[size_bin(size)].slot_bytes != bytes))
        misuse_wrong_size(function, ptr, size, bytes);
}
