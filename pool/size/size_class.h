/*
 * size_class.h - the one definition of pools, size classes and bins.
 *
 * Six pools of 2, 4, 8, 16, 32 and 64 KB. The pool of 2 KB holds one size
 * class, the others hold four in equal steps, so that a request never wastes
 * more than a fifth of its slot. Four more classes lie just above 4, 8, 16 and
 * 32 KB, because programs put a small header on buffers of those sizes: they
 * bring the mean waste of the surveyed programs from 8.9 to 4.1 %, and that of
 * programs which the choice did not look at from 6.6 to 3.9 %
 * (tests/survey/classes.py).
 *
 * A bin is the unit in which threads cache buffers. There is one per size
 * class, and one more, with page-aligned slots, for every class that is a
 * multiple of a page. Counters of both belong to the size class.
 *
 *   ordinary bin  slot stride = class + 64 bytes: headers of equal buffers
 *                 then fall into different cache sets. Slots are aligned to
 *                 64 bytes. See also slot_place.h.
 *   aligned bin   slot stride = class; slots are aligned to a page.
 */
#ifndef MIDPOOL_POOL_SIZE_CLASS_H
#define MIDPOOL_POOL_SIZE_CLASS_H

#include "base.h"
#include "page.h"

enum {
    BAND_MIN_BYTES = 2048,
    BAND_MAX_BYTES = 65536,
    SIZE_CLASSES = PAGE_CLASSES,
    BINS = PAGE_BINS,
    SLOT_ALIGN_BYTES = 64,            /* of every slot */
    SLOT_COLOUR_BYTES = 64,           /* added to the stride of ordinary bins */
    BIN_ALIGN_MAX = SMALL_PAGE_BYTES, /* alignment of aligned bins' slots */
    SIZE_STEP_SHIFT = 9, /* classes end on multiples of 512 bytes */
    SIZE_STEPS = BAND_MAX_BYTES >> SIZE_STEP_SHIFT,
    BIN_LINE_BYTES = 64, /* a bin's place in a thread cache */
    /* The first's: behind a line of others and a copy of size_bin_offset. */
    BIN_FIRST_OFFSET = BIN_LINE_BYTES + SIZE_STEPS * (int)sizeof(uint16_t),
};

/* The layout of slabs, state words and magazines, which bins depend on. */
enum {
    SLAB_SHIFT = 20,
    SLAB_BYTES = 1 << SLAB_SHIFT,
    HUGE_PAGE_SLABS = 2, /* in a huge page, of systems with small pages */
    HUGE_PAGE_BYTES = HUGE_PAGE_SLABS * SLAB_BYTES,
    /* Slots end before a slab's last page, see region.h. */
    SLAB_USED_BYTES = SLAB_BYTES - SMALL_PAGE_BYTES,
    STATE_SHIFT = 11,
    STATE_WORDS = SLAB_BYTES >> STATE_SHIFT, /* of a slab */
    MAGAZINE_ROUNDS = 62,                    /* slots in one, at most */
};

/* Constants of a bin. */
struct bin_info {
    uint32_t slot_bytes; /* the size class: the bytes that a slot can hold */
    uint32_t stride;     /* distance of slots in a slab */
    uint16_t slots;      /* of a slab */
    uint8_t size_class;
    uint8_t magazine_rounds; /* usual capacity of a full-grown magazine */
    uint8_t run_slots;       /* fresh slots a thread takes at once */
    uint16_t page_every;     /* see slot_place.h; not below slots: never */
};

extern const struct bin_info bin_info[BINS];

/*
 * A bin's byte offset in struct cache, for requests of the band by
 * (bytes - 1) >> SIZE_STEP_SHIFT. Never 0.
 */
extern const uint16_t size_bin_offset[SIZE_STEPS];

static inline uint16_t
bin_offset(unsigned bin)
{
    return (uint16_t)(BIN_FIRST_OFFSET + bin * BIN_LINE_BYTES);
}

static inline unsigned
bin_of_offset(unsigned offset)
{
    return (offset - BIN_FIRST_OFFSET) / BIN_LINE_BYTES;
}

static inline bool
size_in_band(size_t bytes)
{
    return bytes - BAND_MIN_BYTES <= BAND_MAX_BYTES - BAND_MIN_BYTES;
}

/* Requires size_in_band(bytes). */
static inline unsigned
size_bin(size_t bytes)
{
    return bin_of_offset(size_bin_offset[(bytes - 1) >> SIZE_STEP_SHIFT]);
}

/*
 * The aligned bin for a request of the band, aligned to at most a page.
 * Requires size_in_band(bytes).
 */
unsigned size_bin_aligned(size_t bytes);

/* The bin by search over bin_info, for tests and assertions. */
unsigned size_bin_by_search(size_t bytes, bool aligned);

/* Fills the class tables of a statistics page. */
void size_class_describe(struct stats_header *page);

#endif
