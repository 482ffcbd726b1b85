/*
 * region.h - the address space of the pools and its side tables.
 *
 * Model     One range of addresses, aligned to a huge page and never moved, is
 *           cut into slabs of 1 MB, two to a huge page. The side tables are
 *           indexed by the slab's number:
 *
 *             region_slab_bin  uint16_t, static: a bin's offset in struct
 *                              cache, 0 while the slab serves none. Its page
 *                              is readable for every number, so that the
 *                              ownership test needs one comparison.
 *             state words      uint32_t, one per 2 KB, 32 bytes apart; see
 *                              below
 *             struct slab      slab.h
 *             slab sets        a bit a slab each, slab_set.h
 *
 *           Slabs are taken from the bottom (small pages) and from the top
 *           (huge pages where the system or an option wants them). Slabs,
 *           state words and descriptors are mapped in steps, as they are
 *           needed (space.h); at the top, both slabs of a huge page at once.
 *           A slab's last 4 KB hold no slot. Those of every second slab at the
 *           bottom are not mapped where that is a page: a huge page needs 2 MB
 *           in one mapping, so that slabs there have small pages without a
 *           call to madvise, which a program's seccomp filter may forbid.
 * Ownership Written under the slab lock; region_slab_bin and the state words
 *           are read without it, by threads that hold a slot of the slab, which
 *           keeps the slab from changing its bin.
 *
 * State words. There is one for every 2 KB of the region; a slot's is the
 * one at its start, which no other slot shares because none is smaller. It
 * holds
 *
 *   handed out   owner's tag << 16 | low 16 bits of the slot's address, of
 *                which six are 0
 *   idle         the bin's offset in struct cache, a multiple of 64, and bits
 *                with it (tag 0)
 *   STATE_NONE   no slot starts here, or it is fresh: its slab has not given
 *                it out since it got its bin
 *
 * so that one comparison proves at once that the pointer is the start of a
 * slot, that the slot is handed out, and by whom; or, for a slot taken from a
 * magazine of a bin, that it is idle and of that bin. A thread stores the word
 * when it gets the slot and when it puts it. In time threads exchange slots
 * until neighbours belong to different threads. If the words were close
 * together, every get and put would then move a cache line between processors.
 * With two words a line, slots of 4 KB and more share no line. This costs 1.6 %
 * of memory and made a replacement with two threads 1.5 to 2 times as fast.
 */
#ifndef MIDPOOL_POOL_REGION_H
#define MIDPOOL_POOL_REGION_H

#include "base.h"
#include "lock.h"
#include "size_class.h"

enum {
    REGION_SLABS_MAX = 1 << 18, /* 256 GB */
    REGION_SLABS_MIN = 4,
    STATE_TAG_SHIFT = 16,
    STATE_SPACING_SHIFT = 5, /* from a word to the next, 32 bytes */
    STATE_TABLE_BYTES = STATE_WORDS << STATE_SPACING_SHIFT, /* of a slab */
    /* Slots whose words share a cache line lie within this many bytes. */
    STATE_LINE_BYTES = (CACHE_LINE_BYTES >> STATE_SPACING_SHIFT) << STATE_SHIFT,
};

#define STATE_OFFSET_MASK 0xffffu
#define STATE_BITS_MASK 63u
#define STATE_NONE 0u
/* Bits of an idle slot's: */
#define STATE_FRESH 1u  /* not handed out since the slab got its bin */
#define STATE_CACHED 2u /* in this thread's cache; set by fork.c only */
#define STATE_LOST 4u   /* its contents changed since the last put */
#define STATE_SLAB 8u   /* it is in its slab */
/* A bit of a live slot's word, with the tag: */
#define STATE_MOVING 32u /* the owner's fast path is working on it */

/*
 * A state word's accesses on the fast path. Plain ones: an aligned word is
 * read and written whole, and at most one thread has a slot, or the program
 * is at fault. The model check puts others in their place.
 */
#ifndef STATE_READ
#define STATE_READ(state) (*(state))
#define STATE_WRITE(state, value) (*(state) = (value))
#endif

_Static_assert(BIN_LINE_BYTES > STATE_BITS_MASK &&
                   BIN_FIRST_OFFSET % BIN_LINE_BYTES == 0 &&
                   SLOT_ALIGN_BYTES > STATE_BITS_MASK,
               "neither a bin's nor a slot's offset reaches the bits");
_Static_assert(BIN_FIRST_OFFSET + BINS * BIN_LINE_BYTES <= STATE_OFFSET_MASK,
               "a bin's offset is no tag");

enum {
    SLAB_MAP_WORDS = STATE_WORDS / 64,
    SLAB_SETS = 2 * BINS + 4, /* see slab.h */
};

/* A slab. slab.h describes the model that its fields follow. */
struct slab {
    uint8_t bin;
    uint8_t assigned;
    uint8_t huge;    /* asked for huge pages */
    uint8_t purging; /* in no set: a thread purges it */
    uint16_t fresh;  /* slots below were given out at least once */
    uint16_t warm_free;
    uint16_t cold_free;
    uint16_t zero_from; /* fresh slots from here read as zero */
    uint32_t touched;   /* bytes that may be other than zero */
    uint32_t stamp;     /* decay window of the last give or take */
    uint16_t pinned;    /* warm slots that the last purge had to leave */
    uint16_t colour;    /* cache lines before the first slot */
    uint8_t ahead;      /* slots not given out yet have a huge page's memory */
    uint64_t warm[SLAB_MAP_WORDS];
    uint64_t cold[SLAB_MAP_WORDS];
};

struct region {
    uintptr_t first;      /* number (address >> SLAB_SHIFT) of slab 0 */
    char *state;          /* biased: state + state_offset(p) is p's word */
    struct slab *slab;    /* one a slab */
    uint64_t *set_words;  /* for slab_set.h: SLAB_SETS times set_size words */
    uint32_t set_size;    /* words with a bit for each slab */
    uint32_t slabs;       /* 0: no reservation */
    uint32_t low;         /* slabs taken from the bottom: [0, low) */
    uint32_t high;        /* slabs taken from the top: [high, slabs) */
    uint32_t low_commit;  /* committed: [0, low_commit) */
    uint32_t high_commit; /* and [high_commit, slabs) */
    bool careful;         /* memory is limited: committed in small steps */
};

/* Held while slabs or the tables of this and other modules change. */
extern hidden struct lock slab_lock;
extern hidden struct region region;
extern hidden uint16_t region_slab_bin[REGION_SLABS_MAX];

/*
 * Takes address space for twice the physical memory; for less under RLIMIT_AS,
 * or if it must be reserved and there is less. False: there is no room even for
 * REGION_SLABS_MIN slabs.
 */
bool region_init(void);

/*
 * Takes a new slab, which is committed and reads as zero: from the top if huge,
 * otherwise from the bottom, or from the other end if that one gives none.
 * Returns its number, or UINT32_MAX when the region is used up or the system
 * commits no more. Requires the slab lock.
 */
uint32_t region_extend(bool huge);

/* The bytes of a slab that are returned: its pages that can hold slots. */
size_t region_used_bytes(void);

/* os_purge of the pages of a slab of which no slot is out. Thread: any. */
bool region_purge(uint32_t number);

/*
 * region_unmap returns the address space of a slab that serves no bin, without
 * that of its state words; region_map maps it again, reading as zero. Only if
 * pieces are not reserved (space.h). False: the system refuses. Requires the
 * slab lock.
 */
void region_unmap(uint32_t number);
bool region_map(uint32_t number);

/* The other slab of a slab's huge page. */
static always_inline uint32_t
region_other(uint32_t number)
{
    _Static_assert(HUGE_PAGE_SLABS == 2, "there is one other slab");
    return number ^ 1;
}

/* The slab at or after number that serves a bin, or UINT32_MAX. */
uint32_t region_next_used(uint32_t number);

/* Number of a slab by address; may be beyond the region. */
static always_inline uintptr_t
region_number(const void *ptr)
{
    return ((uintptr_t)ptr >> SLAB_SHIFT) - region.first;
}

static inline bool
region_owns(const void *ptr)
{
    return region_number(ptr) < region.slabs;
}

static always_inline char *
region_slab_start(uint32_t number)
{
    return (char *)((region.first + number) << SLAB_SHIFT);
}

/*
 * The state word of a slot in a magazine that was handed out before. It holds
 * the bin only, which the fast path knows.
 */
static inline uint32_t
state_freed(unsigned bin)
{
    return bin_offset(bin);
}

/* The state word of a slot in a magazine that was never handed out. */
static inline uint32_t
state_fresh(unsigned bin)
{
    return bin_offset(bin) | STATE_FRESH;
}

/* True if the slot is free and has been handed out at least once. */
static inline bool
state_was_freed(uint32_t state)
{
    return state != STATE_NONE && state <= STATE_OFFSET_MASK &&
           !(state & STATE_FRESH);
}

/*
 * True if the slot is in its slab, of another bin, or live, so that it must not
 * be in a magazine of the bin.
 */
static inline bool
state_is_misplaced(uint32_t state, unsigned bin)
{
    return (state ^ bin_offset(bin)) & ~(STATE_FRESH | STATE_LOST);
}

/* The offset in the table of the state word of the slot at ptr. */
static always_inline uintptr_t
state_offset(const void *ptr)
{
    return (uintptr_t)ptr >> STATE_SHIFT << STATE_SPACING_SHIFT;
}

/* The state word of the slot at ptr, which the region owns. */
static always_inline uint32_t *
region_state(const void *ptr)
{
    return (uint32_t *)(region.state + state_offset(ptr));
}

/*
 * The table's base, hidden from the compiler, for a get: every access then adds
 * the offset in its own addressing mode. Otherwise the compiler would add them
 * once, in one more instruction. The loads of the next call wait until the
 * processor knows the addresses of this call's stores, which depend on the slot
 * that the get loaded: a cycle saved here is saved in the whole call.
 */
static always_inline char *
region_state_base(void)
{
    char *base = region.state;

    __asm__("" : "+r"(base));
    return base;
}

static always_inline uint32_t *
state_at(char *base, uintptr_t *offset)
{
    __asm__("" : "+r"(*offset));
    return (uint32_t *)(base + *offset);
}

#endif
