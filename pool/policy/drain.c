/*
 * drain.c - see drain.h.
 */
#include "drain.h"

#include "check.h"
#include "depot.h"
#include "lock.h"
#include "slab.h"

/* Slots moved before other threads may have the lock: some 20 us. */
enum { PIECE_SLOTS = 1024 };

/* Slots to be moved from each depot, and the bin whose turn it is. */
static struct {
    uint32_t slots[BINS];
    unsigned bin;
} noted;

static void
empty(unsigned bin, struct magazine *magazine)
{
    for (unsigned i = 0; i < magazine->rounds; i++)
        check_put_slab(bin, magazine->slot[i], false);
    magazine_free(magazine);
}

uint32_t
drain_bin(unsigned bin, uint32_t slots)
{
    struct magazine *magazine;
    uint32_t left = slots;

    while (left > 0 && (magazine = depot_pop(bin)) != NULL) {
        if (magazine->rounds > left) {
            depot_push(bin, magazine);
            break;
        }
        left -= magazine->rounds;
        empty(bin, magazine);
    }
    return slots - left;
}

static void
touch(struct drain_touched *touched, uint32_t number)
{
    for (unsigned i = 0; i < touched->count; i++) {
        if (touched->slab[i] == number)
            return;
    }
    touched->slab[touched->count++] = number;
}

bool
drain_one(unsigned bin, struct drain_touched *touched)
{
    struct magazine *magazine = depot_pop(bin);

    touched->count = 0;
    if (magazine == NULL)
        return false;
    for (unsigned i = 0; i < magazine->rounds; i++)
        touch(touched, (uint32_t)region_number(magazine->slot[i]));
    empty(bin, magazine);
    return true;
}

static uint32_t
drain_bytes(unsigned bin, size_t bytes)
{
    size_t slots = bytes / bin_info[bin].slot_bytes;

    return drain_bin(bin, slots < MAGAZINE_ROUNDS ? MAGAZINE_ROUNDS
                                                  : (uint32_t)slots);
}

static unsigned
fullest(void)
{
    unsigned most = 0;

    for (unsigned bin = 1; bin < BINS; bin++) {
        if (depot_bytes(bin) > depot_bytes(most))
            most = bin;
    }
    return most;
}

uint32_t
drain_fullest(size_t bytes)
{
    return drain_bytes(fullest(), bytes);
}

uint32_t
drain_some(unsigned bin, size_t bytes)
{
    uint32_t moved = drain_bytes(bin, bytes);
    unsigned most = fullest();

    return most == bin ? moved : moved + drain_bytes(most, bytes);
}

bool
drain_all(void)
{
    for (unsigned bin = 0; bin < BINS; bin++) {
        while (drain_bin(bin, PIECE_SLOTS) > 0) {
            if (!lock_give_way(&slab_lock))
                return false;
        }
    }
    return true;
}

uint64_t
drain_note(uint32_t (*idle)(unsigned bin))
{
    uint64_t sum = 0;

    for (unsigned bin = 0; bin < BINS; bin++)
        sum += noted.slots[bin] = idle(bin);
    return sum;
}

/*
 * Moves up to slots of the bin's noted slots. The rest of the note is dropped
 * when the depot is empty, or its next magazine is larger than the rest.
 */
static uint32_t
drain_noted_bin(unsigned bin, uint64_t slots)
{
    uint32_t left = noted.slots[bin];
    uint32_t want = slots < left ? (uint32_t)slots : left;
    uint32_t part = drain_bin(bin, want);

    if (part < want && (want == left || want - part >= MAGAZINE_ROUNDS))
        noted.slots[bin] = 0;
    else
        noted.slots[bin] = left - part;
    return part;
}

uint64_t
drain_noted(uint64_t slots)
{
    uint64_t moved = 0;

    for (unsigned bins = 0; bins < BINS; bins++) {
        moved += drain_noted_bin(noted.bin, slots - moved);
        if (noted.slots[noted.bin] > 0)
            break;
        noted.bin = (noted.bin + 1) % BINS;
    }
    return moved;
}
