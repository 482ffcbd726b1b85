/*
 * profile.h - the buckets that requested sizes are counted in.
 *
 * Band requests are counted in steps of 256 bytes, all others by the width
 * of the size in bits.
 */
#ifndef MIDPOOL_STATS_PROFILE_H
#define MIDPOOL_STATS_PROFILE_H

#include <stdint.h>

#include "page.h"

enum {
    PROFILE_MIN_BYTES = 2048,
    PROFILE_MAX_BYTES = 65536,
    WIDTH_BELOW_END = 12, /* 2047 has 11 bits */
    WIDTH_ABOVE = 17,     /* 65537 has 17 bits */
};

static inline uint64_t
size_bucket_from(unsigned bucket)
{
    return PROFILE_MIN_BYTES + (uint64_t)bucket * PAGE_SIZE_STEP_BYTES;
}

static inline uint64_t
size_bucket_to(unsigned bucket)
{
    uint64_t to = size_bucket_from(bucket) + PAGE_SIZE_STEP_BYTES - 1;
    return to < PROFILE_MAX_BYTES ? to : PROFILE_MAX_BYTES;
}

/* Smallest and largest size outside the band of a bit width. */
static inline uint64_t
width_from(unsigned width)
{
    if (width == WIDTH_ABOVE)
        return PROFILE_MAX_BYTES + 1;
    return width == 0 ? 0 : (uint64_t)1 << (width - 1);
}

static inline uint64_t
width_to(unsigned width)
{
    return width == 0 ? 0 : UINT64_MAX >> (64 - width);
}

#endif
