/*
 * saturate.h - sums and products that stop at the end of their range.
 *
 * Counters of a running or damaged page may be anything; a number that
 * wrapped around would look right and be wrong.
 */
#ifndef MIDPOOL_STATS_SATURATE_H
#define MIDPOOL_STATS_SATURATE_H

#include <stdint.h>

static inline uint64_t
sat_add(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t
sat_sub(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static inline uint64_t
sat_mul(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static inline int64_t
sat_add_signed(int64_t a, int64_t b)
{
    int64_t sum;
    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b < 0 ? INT64_MIN : INT64_MAX;
}

static inline int64_t
sat_sub_signed(int64_t a, int64_t b)
{
    int64_t difference;
    if (!__builtin_sub_overflow(a, b, &difference))
        return difference;
    return b < 0 ? INT64_MAX : INT64_MIN;
}

/* A level that can not be negative but for a race. */
static inline uint64_t
sat_unsigned(int64_t value)
{
    return value > 0 ? (uint64_t)value : 0;
}

#endif
