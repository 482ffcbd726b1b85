/*
 * slab_set.h - sets of slab numbers: bitmaps with a hint. Used under the slab
 * lock.
 */
#ifndef MIDPOOL_POOL_SLAB_SET_H
#define MIDPOOL_POOL_SLAB_SET_H

#include "region.h"

struct slab_set {
    uint32_t first; /* no word below holds a bit */
    uint32_t count;
    uint64_t *word; /* region.set_size of them */
};

void slab_set_add(struct slab_set *set, uint32_t number);
void slab_set_remove(struct slab_set *set, uint32_t number);
/*
 * The lowest member at or above from, or UINT32_MAX. from may be any number,
 * also beyond the last slab.
 */
uint32_t slab_set_next(struct slab_set *set, uint32_t from);

static inline bool
slab_set_has(const struct slab_set *set, uint32_t number)
{
    return set->word[number / 64] >> (number % 64) & 1;
}

#endif
