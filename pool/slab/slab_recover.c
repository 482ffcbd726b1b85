/*
 * slab_recover.c - the tables of slabs after their lock's holder left.
 *
 * Model     region_slab_bin tells which bin a slab serves: it is written last
 *           when a slab gets a bin and first when it loses it. A state word
 *           with STATE_SLAB tells that a slot is in its slab. Everything else
 *           follows from these. Slots that the holder had in hand are lost.
 */
#include "os.h"
#include "slab.h"

static void
count_set(struct slab_set *set)
{
    set->first = 0;
    set->count = 0;
    for (uint32_t i = 0; i < region.set_size; i++) {
        if (set->word[i] != 0)
            set->count += (uint32_t)__builtin_popcountll(set->word[i]);
    }
}

static void
count_sets(void)
{
    for (unsigned bin = 0; bin < BINS; bin++) {
        count_set(&warm_slabs[bin]);
        count_set(&room_slabs[bin]);
    }
    count_set(&empty_slabs);
    count_set(&partly_cold_slabs);
    count_set(&clean_slabs);
    count_set(&bare_slabs);
}

/* Puts a slot below fresh into the slab's maps if its word says so. */
static void
place(struct slab *slab, unsigned slot, uint32_t *state)
{
    uint64_t bit = (uint64_t)1 << (slot % 64);
    bool cold = slab->cold[slot / 64] & bit;
    bool warm = slab->warm[slot / 64] & bit;

    slab->warm[slot / 64] &= ~bit;
    slab->cold[slot / 64] &= ~bit;
    /* The state words of an empty slab are returned with its pages. */
    if (*state == STATE_NONE)
        *state = state_fresh(slab->bin) | STATE_SLAB;
    if (*state >> STATE_TAG_SHIFT != 0 || !(*state & STATE_SLAB))
        return;
    if (cold || (*state & STATE_LOST) || (!warm && !state_was_freed(*state))) {
        slab->cold[slot / 64] |= bit;
        slab->cold_free++;
    } else {
        slab->warm[slot / 64] |= bit;
        slab->warm_free++;
    }
}

static void
recover_assigned(uint32_t number)
{
    struct slab *slab = slab_at(number);
    unsigned bin = slab->bin;

    slab_set_remove(&bare_slabs, number);
    slab->assigned = 1;
    slab->warm_free = 0;
    slab->cold_free = 0;
    for (unsigned slot = 0; slot < slab->fresh; slot++)
        place(slab, slot, region_state(slab_slot_start(number, bin, slot)));
    if (slab->pinned > slab->warm_free)
        slab->pinned = slab->warm_free;
    slab_warm_add(bin, slab->warm_free);
    slab_pinned_count[bin] += slab->pinned;
    slab_assigned_count[bin]++;
    slab_assigned_total++;
    slab_resident_bytes +=
        (uint64_t)(slab->fresh - slab->cold_free) * bin_info[bin].slot_bytes;
    slab_sort(number);
}

/* Forgets the slab's slots. */
static void
clear(uint32_t number)
{
    struct slab *slab = slab_at(number);
    const char *start = region_slab_start(number);

    slab_unsort(number);
    slab->assigned = 0;
    slab->purging = 0;
    slab->fresh = 0;
    slab->warm_free = 0;
    slab->cold_free = 0;
    slab->pinned = 0;
    __builtin_memset(slab->warm, 0, sizeof(slab->warm));
    __builtin_memset(slab->cold, 0, sizeof(slab->cold));
    for (size_t at = 0; at < SLAB_BYTES; at += 1 << STATE_SHIFT) {
        uint32_t *state = region_state(start + at);

        if (*state != STATE_NONE)
            *state = STATE_NONE;
    }
    slab->zero_from = 0;
    slab->touched = 0;
}

/* The address space of such a slab may have been returned, or not yet. */
static void
recover_bare(uint32_t number)
{
    clear(number);
    slab_set_remove(&clean_slabs, number);
    region_unmap(number);
}

/* One that serves no bin is clean, or becomes so. */
static void
recover_unassigned(uint32_t number)
{
    const struct slab *slab = slab_at(number);

    if (!slab->assigned && slab->fresh == 0 &&
        slab_set_has(&clean_slabs, number))
        return;
    clear(number);
    /* If that fails nobody gets the slab: it may not read as zero. */
    if (region_purge(number))
        slab_set_add(&clean_slabs, number);
    else
        slab_set_remove(&clean_slabs, number);
}

static void
recover_slabs(uint32_t from, uint32_t to)
{
    for (uint32_t number = from; number < to; number++) {
        if (region_slab_bin[number] != 0)
            recover_assigned(number);
        else if (slab_set_has(&bare_slabs, number))
            recover_bare(number);
        else
            recover_unassigned(number);
    }
}

void
slab_recover(void)
{
    count_sets();
    for (unsigned bin = 0; bin < BINS; bin++) {
        atomic_store(&slab_warm_count[bin], 0);
        slab_assigned_count[bin] = 0;
        slab_pinned_count[bin] = 0;
    }
    slab_assigned_total = 0;
    slab_resident_bytes = 0;
    recover_slabs(0, region.low);
    recover_slabs(region.high, region.slabs);
}
