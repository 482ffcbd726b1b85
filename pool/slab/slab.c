/*
 * slab.c - which slab serves which bin, and in which sets it is.
 */
#include "slab.h"

#include "account.h"
#include "os.h"
#include "space.h"

/* The number of slabs that may stay empty. */
enum { EMPTY_KEPT = BINS };

enum { PAGE_LINES = SMALL_PAGE_BYTES / CACHE_LINE_BYTES };

struct slab_set warm_slabs[BINS];
struct slab_set room_slabs[BINS];
struct slab_set empty_slabs;
struct slab_set partly_cold_slabs;
struct slab_set clean_slabs;
struct slab_set bare_slabs;
_Atomic uint32_t slab_warm_count[BINS];
uint32_t slab_window;
uint32_t slab_assigned_count[BINS];
uint32_t slab_assigned_total;
uint32_t slab_pinned_count[BINS];
uint64_t slab_resident_bytes;

void
slab_init(void)
{
    struct slab_set *others[] = {&empty_slabs, &partly_cold_slabs, &clean_slabs,
                                 &bare_slabs};
    uint64_t *word = region.set_words;

    for (unsigned bin = 0; bin < BINS; bin++) {
        warm_slabs[bin].word = word;
        room_slabs[bin].word = word + region.set_size;
        word += 2 * (size_t)region.set_size;
    }
    for (unsigned i = 0; i < SLAB_SETS - 2 * BINS; i++)
        others[i]->word = word + (size_t)i * region.set_size;
}

static void
assert_slab(const struct slab *slab)
{
    pool_assert(slab->fresh <= bin_info[slab->bin].slots);
    pool_assert((unsigned)slab->warm_free + slab->cold_free <= slab->fresh);
    (void)slab;
}

static void
set_keep(struct slab_set *set, uint32_t number, bool member)
{
    if (member)
        slab_set_add(set, number);
    else
        slab_set_remove(set, number);
}

void
slab_sort(uint32_t number)
{
    const struct slab *slab = slab_at(number);
    bool here = slab->assigned && !slab->purging;
    bool room = slab->cold_free > 0 || slab->fresh < bin_info[slab->bin].slots;
    bool empty = slab->fresh > 0 && slab_out(slab) == 0;

    assert_slab(slab);
    set_keep(&warm_slabs[slab->bin], number, here && slab->warm_free > 0);
    set_keep(&room_slabs[slab->bin], number, here && room);
    set_keep(&empty_slabs, number, here && empty && slab->cold_free == 0);
    set_keep(&partly_cold_slabs, number, here && empty && slab->cold_free > 0);
}

void
slab_unsort(uint32_t number)
{
    unsigned bin = slab_at(number)->bin;

    slab_set_remove(&warm_slabs[bin], number);
    slab_set_remove(&room_slabs[bin], number);
    slab_set_remove(&empty_slabs, number);
    slab_set_remove(&partly_cold_slabs, number);
}

void
slab_set_pinned(struct slab *slab, unsigned pinned)
{
    slab_pinned_count[slab->bin] += pinned - slab->pinned;
    slab->pinned = (uint16_t)pinned;
}

/*
 * Slab colouring (Bonwick, USENIX 1994). The bytes that a bin's slots leave
 * over are used to start neighbouring slabs on different pages and, unless
 * slots are aligned to pages, each on the cache line after the other's last.
 * Otherwise the first lines of large buffers, of which a slab holds few, would
 * share some of the sets of TLB and cache.
 */
static uint16_t
colour(uint32_t number, const struct bin_info *info)
{
    uint32_t left = SLAB_USED_BYTES - slots_bytes(info, info->slots);
    uint32_t pages = left / SMALL_PAGE_BYTES;
    uint32_t lines = left / CACHE_LINE_BYTES;
    uint32_t colour = pages > 0 ? number % pages * PAGE_LINES : 0;

    if (info->stride % SMALL_PAGE_BYTES == 0)
        return (uint16_t)colour;
    if (lines >= PAGE_LINES)
        colour += number * info->slots % PAGE_LINES;
    else
        colour += number % (lines / info->slots + 1) * info->slots;
    return (uint16_t)colour;
}

static void
assign(uint32_t number, unsigned bin)
{
    struct slab *slab = slab_at(number);

    pool_assert(!slab->assigned && slab->warm_free == 0);
    slab->bin = (uint8_t)bin;
    slab->assigned = 1;
    slab->colour = colour(number, &bin_info[bin]);
    pool_assert(slab_colour(slab) +
                    slots_bytes(&bin_info[bin], bin_info[bin].slots) <=
                SLAB_USED_BYTES);
    slab->stamp = slab_window;
    slab_assigned_count[bin]++;
    slab_assigned_total++;
    __atomic_store_n(&region_slab_bin[number], bin_offset(bin),
                     __ATOMIC_RELEASE);
    slab_sort(number);
}

static void
clear_states(uint32_t number)
{
    const struct slab *slab = slab_at(number);

    for (unsigned slot = 0; slot < slab->fresh; slot++) {
        uint32_t *state =
            region_state(slab_slot_start(number, slab->bin, slot));

        /* The page may have been returned: a write would bring it back. */
        if (*state != STATE_NONE)
            *state = STATE_NONE;
    }
}

/*
 * Forgets the slots of an empty slab, but not which part of it was touched.
 * states: their state words were returned to the system and read as
 * STATE_NONE; looking at them would fault their pages in.
 */
static void
unassign(uint32_t number, bool states)
{
    struct slab *slab = slab_at(number);

    pool_assert(slab->assigned && slab_out(slab) == 0);
    slab_unsort(number);
    __atomic_store_n(&region_slab_bin[number], 0, __ATOMIC_RELEASE);
    if (!states)
        clear_states(number);
    __builtin_memset(slab->warm, 0, sizeof(slab->warm));
    __builtin_memset(slab->cold, 0, sizeof(slab->cold));
    slab_warm_add(slab->bin, -(int)slab->warm_free);
    slab_set_pinned(slab, 0);
    slab_resident_bytes -=
        (uint64_t)slab->warm_free * bin_info[slab->bin].slot_bytes;
    slab_assigned_count[slab->bin]--;
    slab_assigned_total--;
    slab->assigned = 0;
    slab->fresh = 0;
    slab->warm_free = 0;
    slab->cold_free = 0;
}

/* Slots of a recycled slab that have all their pages become warm at once. */
static void
mark_touched_warm(uint32_t number)
{
    struct slab *slab = slab_at(number);
    const struct bin_info *info = &bin_info[slab->bin];
    uint32_t colour = slab_colour(slab);
    uint32_t touched = slab->touched > colour ? slab->touched - colour : 0;
    unsigned slots = slots_within(info, touched);
    unsigned partly = slots;

    if (partly < info->slots && slot_offset(info, partly) < touched)
        partly++;
    for (unsigned slot = 0; slot < slots; slot++) {
        slab->warm[slot / 64] |= (uint64_t)1 << (slot % 64);
        *region_state(slab_slot_start(number, slab->bin, slot)) =
            state_fresh(slab->bin) | STATE_SLAB;
    }
    slab->warm_free = (uint16_t)slots;
    slab->fresh = (uint16_t)slots;
    slab->zero_from = (uint16_t)partly;
    slab_warm_add(slab->bin, (int)slots);
    slab_resident_bytes += (uint64_t)slots * info->slot_bytes;
    account_adopted(slab->bin, (int64_t)slots);
}

uint32_t
slab_adopt_empty(unsigned bin)
{
    uint32_t number = slab_set_next(&empty_slabs, 0);

    if (number == UINT32_MAX)
        return UINT32_MAX;

    struct slab *slab = slab_at(number);

    account_adopted(slab->bin, -(int64_t)slab->warm_free);
    unassign(number, false);
    assign(number, bin);
    mark_touched_warm(number);
    slab_sort(number);
    return number;
}

static uint32_t
find_clean(bool huge)
{
    uint32_t number = slab_set_next(&clean_slabs, 0);

    while (number != UINT32_MAX && slab_at(number)->huge != huge)
        number = slab_set_next(&clean_slabs, number + 1);
    return number;
}

bool
slab_has_too_many_empty(bool huge)
{
    return empty_slabs.count + partly_cold_slabs.count > EMPTY_KEPT &&
           find_clean(huge) == UINT32_MAX;
}

/*
 * Maps a bare slab of that kind of pages again and takes it out of its set.
 * Returns its number or UINT32_MAX.
 */
static uint32_t
map_bare(bool huge)
{
    uint32_t number = slab_set_next(&bare_slabs, 0);

    while (number != UINT32_MAX && slab_at(number)->huge != huge)
        number = slab_set_next(&bare_slabs, number + 1);
    if (number == UINT32_MAX || !region_map(number))
        return UINT32_MAX;
    slab_set_remove(&bare_slabs, number);
    return number;
}

/*
 * Takes a new slab. The top gives whole huge pages: the other slab of one
 * becomes clean. Returns its number or UINT32_MAX.
 */
static uint32_t
take_new(bool huge)
{
    uint32_t number = region_extend(huge);

    if (number == UINT32_MAX)
        return UINT32_MAX;
    slab_at(number)->huge = huge;
    if (number == region.high && region.high > region.high_commit) {
        uint32_t other = region_extend(true);

        slab_at(other)->huge = huge;
        slab_set_add(&clean_slabs, other);
    }
    return number;
}

void
slab_assign(uint32_t number, unsigned bin)
{
    slab_set_remove(&clean_slabs, number);
    slab_at(number)->zero_from = 0;
    slab_at(number)->touched = 0;
    assign(number, bin);
}

uint32_t
slab_assign_clean(unsigned bin, bool huge)
{
    uint32_t number = find_clean(huge);

    if (number == UINT32_MAX)
        number = map_bare(huge);
    if (number == UINT32_MAX)
        number = take_new(huge);
    if (number == UINT32_MAX)
        number = slab_set_next(&clean_slabs, 0);
    if (number != UINT32_MAX)
        slab_assign(number, bin);
    return number;
}

void
slab_make_clean(uint32_t number, bool states)
{
    unassign(number, states);
    slab_at(number)->touched = 0;
    slab_at(number)->zero_from = 0;
    slab_at(number)->ahead = 0;
    slab_set_add(&clean_slabs, number);
}

/*
 * Returns a slab's address space to the system. Its first step marks the slab
 * as bare: if a jump ends the operation between two steps, slab_recover.c
 * finishes it for each bare slab that serves no bin.
 */
static void
unmap(uint32_t number)
{
    slab_set_add(&bare_slabs, number);
    if (slab_at(number)->assigned) {
        account_discards(slab_at(number)->bin, slab_at(number)->warm_free);
        slab_make_clean(number, false);
    }
    slab_set_remove(&clean_slabs, number);
    region_unmap(number);
}

static size_t
unmap_all(struct slab_set *set)
{
    size_t bytes = 0;
    uint32_t number;

    while ((number = slab_set_next(set, 0)) != UINT32_MAX) {
        unmap(number);
        bytes += region_used_bytes();
    }
    return bytes;
}

size_t
slab_unmap_idle(void)
{
    pool_assert(lock_held_by_self(&slab_lock));
    if (space_reserved())
        return 0;
    return unmap_all(&clean_slabs) + unmap_all(&partly_cold_slabs) +
           unmap_all(&empty_slabs);
}
