/* guard_slot.c - see guard_slot.h. */
#include "guard_slot.h"

#include <time.h>

#include "os.h"
#include "region.h"

enum {
    AREA_BYTES = BAND_MAX_BYTES, /* of a slot, between its protected pages */
    LEFT_ONE_IN = 4, /* buffers that begin where their area begins */
    ALIGN_BYTES = 16,
    FILL_BYTE = 0xd3,
};

/*
 * turn: an even value means that the slot is free, in the order of their frees;
 * an odd one that a thread claimed it.
 */
struct guard_table {
    _Atomic uint64_t turn[GUARD_SLOTS_MAX];
    struct guard_slot slot[];
};

uintptr_t guard_base;
size_t guard_bytes;

static struct guard_table *table;
static unsigned slots;
static _Atomic uint64_t turns;

/* The distance of one slot to the next. */
static size_t
stride_bytes(void)
{
    return AREA_BYTES + 2 * os_page_bytes();
}

static unsigned
number_of(const void *ptr)
{
    return (unsigned)(((uintptr_t)ptr - guard_base) / stride_bytes());
}

struct guard_slot *
guard_slot_of(const void *ptr)
{
    return &table->slot[number_of(ptr)];
}

struct guard_slot *
guard_slot_at(unsigned number)
{
    return guard_is_on() && number < slots ? &table->slot[number] : NULL;
}

static char *
area_of(unsigned number)
{
    return (char *)guard_base + (size_t)number * stride_bytes() +
           os_page_bytes();
}

/* The whole pages that a buffer lies in. */
static char *
pages_of(const struct guard_slot *slot, size_t *bytes)
{
    uintptr_t start = (uintptr_t)slot->start;
    uintptr_t from = align_down(start, os_page_bytes());

    *bytes = align_up(start + slot->bytes, os_page_bytes()) - from;
    return (char *)from;
}

static bool
make_table(void)
{
    size_t bytes =
        align_up(sizeof *table + slots * sizeof *table->slot, os_page_bytes());
    void *memory = os_reserve(bytes, os_page_bytes());

    if (memory == NULL)
        return false;
    if (!os_commit(memory, bytes)) {
        os_release(memory, bytes);
        return false;
    }
    os_name(memory, bytes, "midpool guard table");
    table = memory;
    return true;
}

bool
guard_slots_make(unsigned count)
{
    size_t bytes = (size_t)count * stride_bytes();
    void *base = os_reserve(bytes, os_page_bytes());

    pool_assert(count <= GUARD_SLOTS_MAX);
    slots = count;
    if (base == NULL)
        return false;
    if (!make_table()) {
        os_release(base, bytes);
        return false;
    }
    os_name(base, bytes, "midpool guards");
    guard_base = (uintptr_t)base;
    guard_bytes = bytes;
    return true;
}

/* Claims the slot that was freed first; false: none is free. */
static bool
claim(unsigned *number, uint64_t *turn)
{
    for (;;) {
        uint64_t least = UINT64_MAX;

        for (unsigned i = 0; i < slots; i++) {
            uint64_t seen =
                atomic_load_explicit(&table->turn[i], memory_order_relaxed);

            if (seen % 2 == 0 && seen < least) {
                least = seen;
                *number = i;
            }
            if (seen == 0)
                break;
        }
        if (least == UINT64_MAX)
            return false;
        *turn = least;
        if (atomic_compare_exchange_strong(&table->turn[*number], &least,
                                           least | 1))
            return true;
    }
}

static void
fill_gaps(const struct guard_slot *slot)
{
    size_t bytes;
    char *pages = pages_of(slot, &bytes);
    char *end = slot->start + slot->bytes;

    __builtin_memset(pages, FILL_BYTE, (size_t)(slot->start - pages));
    __builtin_memset(end, FILL_BYTE, (size_t)(pages + bytes - end));
}

static char *
place(unsigned number, size_t align, size_t bytes)
{
    /* The turn's low bits are the same for all; the clock's are not. */
    uint64_t random = (uint64_t)os_clock_ns(CLOCK_MONOTONIC);
    char *area = area_of(number);
    uintptr_t end = (uintptr_t)area + AREA_BYTES;

    random = (random ^ random >> 7) * UINT64_C(0x9e3779b97f4a7c15);
    if ((random >> 32) % LEFT_ONE_IN == 0)
        return area;
    return (char *)align_down(end - bytes,
                              align > ALIGN_BYTES ? align : ALIGN_BYTES);
}

struct guard_slot *
guard_slot_open(unsigned bin, size_t align, size_t bytes)
{
    unsigned number = 0;
    uint64_t turn;
    struct guard_slot *slot;
    size_t length;
    char *pages;

    if (!claim(&number, &turn))
        return NULL;
    slot = &table->slot[number];
    slot->start = place(number, align, bytes);
    slot->bytes = (uint32_t)bytes;
    slot->bin = bin;
    slot->got.depth = slot->put.depth = 0;
    pages = pages_of(slot, &length);
    if (!os_unprotect(pages, length)) {
        atomic_store(&table->turn[number], turn);
        return NULL;
    }
    fill_gaps(slot);
    return slot;
}

/* A slot that can not be protected is not got again. */
void
guard_slot_close(const struct guard_slot *slot)
{
    unsigned number = (unsigned)(slot - table->slot);
    size_t bytes;
    char *pages = pages_of(slot, &bytes);

    if (os_protect(pages, bytes))
        atomic_store(&table->turn[number],
                     2 * (atomic_fetch_add(&turns, 1) + 1));
}

/* The first byte from..end that is not the pattern's; NULL: all are. */
static const char *
changed(const char *from, const char *end)
{
    for (; from < end; from++) {
        if ((unsigned char)*from != FILL_BYTE)
            return from;
    }
    return NULL;
}

const char *
guard_slot_damage(const struct guard_slot *slot)
{
    size_t bytes;
    const char *pages = pages_of(slot, &bytes);
    const char *end = slot->start + slot->bytes;
    const char *damage = changed(end, pages + bytes);

    return damage != NULL ? damage : changed(pages, slot->start);
}

uint32_t *
guard_word(const void *ptr)
{
    return &guard_slot_of(ptr)->word;
}

size_t
guard_room(const void *ptr)
{
    return guard_slot_of(ptr)->bytes;
}

static size_t
distance(const struct guard_slot *slot, const char *access)
{
    if (access < slot->start)
        return (size_t)(slot->start - access);
    if (access < slot->start + slot->bytes)
        return 0;
    return (size_t)(access - (slot->start + slot->bytes)) + 1;
}

const struct guard_slot *
guard_slot_meant(const char *access)
{
    const struct guard_slot *best = NULL;
    unsigned number = number_of(access);

    for (unsigned i = number > 0 ? number - 1 : 0; i <= number + 1 && i < slots;
         i++) {
        const struct guard_slot *slot = &table->slot[i];

        if (slot->start != NULL &&
            (best == NULL || distance(slot, access) < distance(best, access)))
            best = slot;
    }
    return best;
}
