/*
 * classes.h - the size classes as the contract has them.
 *
 * Six pools, 2 to 64 KB; the first has one class, the others four each in
 * equal steps, and those from 8 KB on one more, 512 bytes above the pool
 * below. Computed from this sentence and not from midpool's table, so that a
 * count that rests on it is independent.
 */
#ifndef TESTS_PRELOAD_CLASSES_H
#define TESTS_PRELOAD_CLASSES_H

#include <stdbool.h>
#include <stddef.h>

enum { CLASSES = 25, BAND_MIN = 2048, BAND_MAX = 65536 };

static inline bool
in_band(size_t size)
{
    return size >= BAND_MIN && size <= BAND_MAX;
}

/* The largest request that a class serves. */
static inline size_t
class_bytes(unsigned index)
{
    if (index == 0)
        return BAND_MIN;
    if (index <= 4)
        return 2048 + 512 * (size_t)index;
    size_t pool = (size_t)8192 << (index - 5) / 5;
    unsigned step = (index - 5) % 5;
    return step == 0 ? pool / 2 + 512 : pool / 2 + pool / 8 * step;
}

/* The smallest class for a request of the band. */
static inline unsigned
class_of(size_t size)
{
    unsigned index = 0;
    while (class_bytes(index) < size)
        index++;
    return index;
}

/*
 * The request that decides on the class of a buffer of size bytes by realloc
 * from one of class had: if it grew by less, by half.
 */
static inline size_t
class_deciding(unsigned had, size_t size)
{
    size_t room = class_bytes(had) * 3 / 2;

    if (room > BAND_MAX)
        room = BAND_MAX;
    return size > class_bytes(had) && size < room ? room : size;
}

#endif
