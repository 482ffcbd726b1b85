/*
 * slab_slots.c - giving out a slab's slots and taking them back.
 */
#include "slab.h"

/* Takes up to max marked slots off a bitmap into the magazine. */
static unsigned
take_marked(uint32_t number, uint64_t map[], struct magazine *into,
            unsigned max)
{
    unsigned bin = slab_at(number)->bin;
    unsigned taken = 0;

    for (unsigned i = 0; i < SLAB_MAP_WORDS && taken < max; i++) {
        while (map[i] != 0 && taken < max) {
            unsigned slot = i * 64 + (unsigned)__builtin_ctzll(map[i]);

            map[i] &= map[i] - 1;
            into->slot[taken] = slab_slot_start(number, bin, slot);
            *region_state(into->slot[taken++]) &= ~STATE_SLAB;
        }
    }
    return taken;
}

/*
 * A magazine hands out its last pointer first. Reversed, it hands out the
 * lowest address first, which suits page tables and the prefetcher.
 */
static void
reverse(void **slot, unsigned count)
{
    for (unsigned i = 0; i < count / 2; i++) {
        void *low = slot[i];

        slot[i] = slot[count - 1 - i];
        slot[count - 1 - i] = low;
    }
}

/* Completes the magazine with the slots that were taken from the slab. */
static void
hand_out(uint32_t number, struct magazine *into, unsigned taken)
{
    slab_at(number)->stamp = slab_window;
    slab_sort(number);
    reverse(into->slot, taken);
    compiler_barrier();
    into->rounds = (uint16_t)taken;
}

unsigned
slab_take_warm(unsigned bin, struct magazine *into, unsigned max)
{
    uint32_t number = slab_set_next(&warm_slabs[bin], 0);

    pool_assert(lock_held_by_self(&slab_lock));
    if (number == UINT32_MAX)
        return 0;

    struct slab *slab = slab_at(number);
    unsigned taken = take_marked(number, slab->warm, into, max);

    slab->warm_free = (uint16_t)(slab->warm_free - taken);
    slab_warm_add(bin, -(int)taken);
    if (slab->pinned > slab->warm_free)
        slab_set_pinned(slab, slab->warm_free);
    into->cold = 0;
    into->zero = 0;
    hand_out(number, into, taken);
    return taken;
}

/* Do the state words of a slot and of the one before share a cache line? */
static bool
same_state_line(uint32_t number, unsigned slot)
{
    unsigned bin = slab_at(number)->bin;
    uintptr_t start = (uintptr_t)slab_slot_start(number, bin, slot);

    return start % STATE_LINE_BYTES >= bin_info[bin].stride;
}

static unsigned
take_fresh(uint32_t number, struct magazine *into, unsigned max)
{
    struct slab *slab = slab_at(number);
    unsigned left = (unsigned)bin_info[slab->bin].slots - slab->fresh;
    unsigned taken = max < left ? max : left;

    /*
     * A run ends where a new line of state words begins: a line with words of
     * two threads' slots would move between their processors.
     */
    while (taken < left && taken < MAGAZINE_ROUNDS &&
           same_state_line(number, slab->fresh + taken))
        taken++;
    /* A magazine's zero holds for all its slots or for none. */
    if (slab->fresh < slab->zero_from && slab->fresh + taken > slab->zero_from)
        taken = (unsigned)slab->zero_from - slab->fresh;
    for (unsigned i = 0; i < taken; i++) {
        into->slot[i] = slab_slot_start(number, slab->bin, slab->fresh + i);
        *region_state(into->slot[i]) = state_fresh(slab->bin);
    }
    into->zero = slab->fresh >= slab->zero_from;
    slab->fresh = (uint16_t)(slab->fresh + taken);

    uint32_t end =
        slab_colour(slab) + slots_bytes(&bin_info[slab->bin], slab->fresh);

    if (end > slab->touched)
        slab->touched = end;
    return taken;
}

unsigned
slab_take_cold(unsigned bin, struct magazine *into, unsigned max)
{
    uint32_t number = slab_set_next(&room_slabs[bin], 0);

    pool_assert(lock_held_by_self(&slab_lock));
    if (number == UINT32_MAX)
        return 0;

    struct slab *slab = slab_at(number);
    unsigned taken;

    if (slab->cold_free > 0) {
        taken = take_marked(number, slab->cold, into, max);
        slab->cold_free = (uint16_t)(slab->cold_free - taken);
        into->zero = 0;
    } else {
        taken = take_fresh(number, into, max);
    }
    slab_resident_bytes += (uint64_t)taken * bin_info[bin].slot_bytes;
    into->cold = 1;
    into->taken = 0;
    hand_out(number, into, taken);
    return taken;
}

/* Notes a slot as free in its slab's maps. */
static void
mark_free(struct slab *slab, unsigned slot, bool cold)
{
    uint64_t bit = (uint64_t)1 << (slot % 64);

    pool_assert(!((slab->warm[slot / 64] | slab->cold[slot / 64]) & bit));
    if (cold) {
        slab->cold[slot / 64] |= bit;
        slab->cold_free++;
        slab_resident_bytes -= bin_info[slab->bin].slot_bytes;
    } else {
        slab->warm[slot / 64] |= bit;
        slab->warm_free++;
        slab_warm_add(slab->bin, 1);
    }
    slab->stamp = slab_window;
}

bool
slab_put(unsigned bin, void *ptr, bool cold)
{
    uint32_t number = (uint32_t)region_number(ptr);
    struct slab *slab = slab_at(number);
    unsigned slot = slab_slot(ptr, bin);

    pool_assert(lock_held_by_self(&slab_lock));
    if (state_is_misplaced(*region_state(ptr), bin))
        return false;
    pool_assert(slab->assigned && slab->bin == bin);
    pool_assert(slab_slot_start(number, bin, slot) == ptr);
    *region_state(ptr) |= STATE_SLAB;
    mark_free(slab, slot, cold);
    /* All pages of an empty slab can be returned. */
    if (slab_out(slab) == 0)
        slab_set_pinned(slab, 0);
    if (slab->cold_free == 1 || slab->warm_free == 1 || slab_out(slab) == 0)
        slab_sort(number);
    return true;
}
