/*
 * slot_place.h - the places of a bin's slots in a slab.
 *
 * Model     Slots follow one another at the bin's stride; after every
 *           page_every of them a page is left out. The first lines of large
 *           buffers are a power of two of pages apart, or nearly so, and would
 *           otherwise fall into one or few of the first TLB's sets (16 sets of
 *           6 ways on Intel's cores of 2021 to 2024). page_every is chosen so
 *           that of 32 slots no more fall into one set than it has ways.
 *           Offsets count from the slab's first slot.
 */
#ifndef MIDPOOL_POOL_SLOT_PLACE_H
#define MIDPOOL_POOL_SLOT_PLACE_H

#include "size_class.h"

/* Bytes from the start of a group of page_every slots to that of the next. */
static inline uint32_t
slot_group_bytes(const struct bin_info *info)
{
    return info->page_every * info->stride + SMALL_PAGE_BYTES;
}

static inline uint32_t
slot_offset(const struct bin_info *info, unsigned slot)
{
    return slot * info->stride + slot / info->page_every * SMALL_PAGE_BYTES;
}

/* The bytes up to the end of the first slots slots, at least one. */
static inline uint32_t
slots_bytes(const struct bin_info *info, unsigned slots)
{
    return slot_offset(info, slots - 1) + info->stride;
}

/*
 * The slot that offset lies in; in a page that is left out, the slot before it.
 * It may be beyond the bin's slots.
 */
static inline unsigned
slot_at_offset(const struct bin_info *info, uint32_t offset)
{
    uint32_t group = offset / slot_group_bytes(info);
    uint32_t within = offset % slot_group_bytes(info) / info->stride;

    if (within >= info->page_every)
        within = info->page_every - 1u;
    return group * info->page_every + within;
}

/* The number of slots that end within bytes, at most all of the bin's. */
static inline unsigned
slots_within(const struct bin_info *info, uint32_t bytes)
{
    unsigned slots = slot_at_offset(info, bytes);

    if (slots_bytes(info, slots + 1) <= bytes)
        slots++;
    return slots < info->slots ? slots : info->slots;
}

#endif
