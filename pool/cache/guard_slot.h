/*
 * guard_slot.h - slots of address space between protected pages.
 *
 * Model     A slot is a page, 64 KB, and a page. Only the pages of a live
 *           buffer are accessible. The buffer ends at the end of the 64 KB, as
 *           near as its alignment allows, or, in one case of four, begins at
 *           their beginning. The rest of its pages is filled with a pattern.
 *           A freed slot is protected, and reads as zero at its next get. The
 *           slot that was freed first is used first.
 * Word      A slot has a state word like those of region.h, for owner, epoch
 *           and samples.
 * Ownership A thread claims a slot, and owns its record until the word says
 *           that the program has the buffer. Nothing takes a lock.
 */
#ifndef MIDPOOL_POOL_GUARD_SLOT_H
#define MIDPOOL_POOL_GUARD_SLOT_H

#include "base.h"
#include "pool_types.h"

enum { GUARD_SLOTS_MAX = 1024 };

/* A slot's buffer, or its last one. */
struct guard_slot {
    uint32_t word; /* as region.h's; STATE_NONE: never handed out */
    uint32_t bytes;
    char *start; /* NULL: never used */
    unsigned bin;
    int64_t began_ns; /* guard.c's */
    struct pool_stack got, put;
};

extern hidden uintptr_t guard_base; /* of the slots */
extern hidden size_t guard_bytes;   /* of all of them; 0: off */

static inline bool
guard_is_on(void)
{
    return unlikely(guard_bytes != 0);
}

/* Does ptr lie among the slots? */
static inline bool
guard_owns(const void *ptr)
{
    return unlikely((uintptr_t)ptr - guard_base < guard_bytes);
}

/* At most GUARD_SLOTS_MAX. False: no address space. Thread: the only one. */
bool guard_slots_make(unsigned count);

/* The slot that ptr lies in; that of a number, NULL beyond the last. */
struct guard_slot *guard_slot_of(const void *ptr);
struct guard_slot *guard_slot_at(unsigned number);

/*
 * Makes a slot ready for a buffer, which reads as zero; align is a power of
 * two of at most a page. NULL: none is free, or the system refuses.
 */
struct guard_slot *guard_slot_open(unsigned bin, size_t align, size_t bytes);

/* Protects the slot, whose word says already that it is free. */
void guard_slot_close(const struct guard_slot *slot);

/* A byte beside the buffer that was written to, or NULL. */
const char *guard_slot_damage(const struct guard_slot *slot);

/*
 * The slot whose buffer, or last buffer, is nearest to an access; between two
 * slots lie two protected pages. NULL: no slot around was ever used.
 */
const struct guard_slot *guard_slot_meant(const char *access);

/* The state word of the slot that ptr lies in. */
uint32_t *guard_word(const void *ptr);

/* The size of a live buffer as it was requested. */
size_t guard_room(const void *ptr);

#endif
