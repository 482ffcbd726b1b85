/*
 * slab_set.c - see slab_set.h.
 */
#include "slab_set.h"

void
slab_set_add(struct slab_set *set, uint32_t number)
{
    uint32_t index = number / 64;
    uint64_t bit = (uint64_t)1 << (number % 64);

    if (set->word[index] & bit)
        return;
    set->word[index] |= bit;
    set->count++;
    if (index < set->first)
        set->first = index;
}

void
slab_set_remove(struct slab_set *set, uint32_t number)
{
    uint32_t index = number / 64;
    uint64_t bit = (uint64_t)1 << (number % 64);

    if (!(set->word[index] & bit))
        return;
    set->word[index] &= ~bit;
    set->count--;
}

uint32_t
slab_set_next(struct slab_set *set, uint32_t from)
{
    uint32_t index = from / 64;

    if (set->count == 0 || index >= region.set_size)
        return UINT32_MAX;
    if (index < set->first) {
        index = set->first;
        from = index * 64;
    }
    uint64_t word = set->word[index] & (~(uint64_t)0 << (from % 64));

    while (word == 0) {
        if (++index == region.set_size)
            return UINT32_MAX;
        word = set->word[index];
        if (from == set->first * 64)
            set->first = index, from = index * 64;
    }
    return index * 64 + (uint32_t)__builtin_ctzll(word);
}
