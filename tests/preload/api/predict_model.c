/*
 * predict_model.c - the independent count behind predict.c.
 *
 * Classes come from the contract's sentence (six pools, one class or four in
 * equal steps), not from midpool's table. Addresses that were handed out are
 * remembered in a hash table: its entry says which class has the block now,
 * so that the count knows a pooled block from one of the fallback.
 */
#include "predict.h"

#include <stdio.h>

#include "check.h"

enum {
    CLASSES = 21,
    SIZES = 249,
    SEEN_BITS = 20,
    SEEN = 1 << SEEN_BITS,
    ALIGN_ORDINARY = 64,
    ALIGN_POOLED = 4096,
};

/* One line a counter that is kept per class: name. */
#define COUNTERS(C)                                                            \
    C(gets)                                                                    \
    C(hits)                                                                    \
    C(misses) C(puts) C(callocs) C(aligned) C(reallocs_in_place)               \
        C(reallocs_moved) C(requested_bytes) C(slot_bytes) C(live)             \
            C(live_bytes) C(peak_live_bytes) C(bypasses)

struct row {
#define FIELD(name) unsigned long long name;
    COUNTERS(FIELD)
#undef FIELD
};

static struct row row[CLASSES];
static unsigned long long sizes[SIZES], below_calls, below_bytes, above_calls,
    above_bytes, live_bytes, peak_live_bytes;

static struct {
    uintptr_t address; /* 0: free entry */
    int class_index;   /* -1: not a pooled block now */
} seen[SEEN];
static unsigned seen_count;

static size_t
class_bytes(unsigned index)
{
    if (index == 0)
        return 2048;
    size_t pool = (size_t)4096 << (index - 1) / 4;
    return pool / 2 + pool / 8 * ((index - 1) % 4 + 1);
}

static bool
in_band(size_t size)
{
    return size >= 2048 && size <= 65536;
}

/* The class that serves a request of the band. */
static unsigned
class_for(size_t size, size_t align)
{
    bool whole_pages = align > ALIGN_ORDINARY;
    unsigned index = 0;
    while (class_bytes(index) < size ||
           (whole_pages && class_bytes(index) % 4096 != 0))
        index++;
    return index;
}

static unsigned
seen_at(uintptr_t address)
{
    unsigned at =
        (unsigned)((address * 0x9e3779b97f4a7c15u) >> (64 - SEEN_BITS));
    while (seen[at].address != 0 && seen[at].address != address)
        at = (at + 1) % SEEN;
    return at;
}

static void
count_get(struct row *to, uintptr_t address, size_t size, size_t slot)
{
    unsigned at = seen_at(address);
    to->gets++;
    if (seen[at].address == address) {
        to->hits++;
    } else {
        to->misses++;
        CHECK(++seen_count < SEEN / 2, "too many addresses");
    }
    seen[at].address = address;
    seen[at].class_index = (int)(to - row);
    to->requested_bytes += size;
    to->slot_bytes += slot;
    to->live++;
    to->live_bytes += slot;
    if (to->live_bytes > to->peak_live_bytes)
        to->peak_live_bytes = to->live_bytes;
    live_bytes += slot;
    if (live_bytes > peak_live_bytes)
        peak_live_bytes = live_bytes;
    sizes[(size - 2048) / 256]++;
}

void
predict_get(const void *ptr, size_t size, size_t align, bool zeroed)
{
    if (size < 2048) {
        below_calls++;
        below_bytes += size;
    } else if (size > 65536) {
        above_calls++;
        above_bytes += size;
    } else {
        struct row *to = &row[class_for(size, align)];
        if (align > ALIGN_POOLED) {
            row[class_for(size, 0)].bypasses++;
            return;
        }
        count_get(to, (uintptr_t)ptr, size, class_bytes((unsigned)(to - row)));
        to->callocs += zeroed;
        to->aligned += align != 0;
    }
}

/* The pooled block at address, or NULL. */
static struct row *
pooled(uintptr_t address)
{
    unsigned at = seen_at(address);
    if (seen[at].address == 0 || seen[at].class_index < 0)
        return NULL;
    return &row[seen[at].class_index];
}

static void
count_put(struct row *from, uintptr_t address)
{
    seen[seen_at(address)].class_index = -1;
    size_t slot = class_bytes((unsigned)(from - row));
    from->puts++;
    from->live--;
    from->live_bytes -= slot;
    live_bytes -= slot;
}

void
predict_put(const void *ptr, size_t size, size_t align)
{
    struct row *from = pooled((uintptr_t)ptr);
    CHECK(from || !in_band(size) || align > ALIGN_POOLED,
          "a block of %zu is not pooled", size);
    if (from)
        count_put(from, (uintptr_t)ptr);
}

void
predict_resize(uintptr_t address, size_t size, size_t align, const void *now,
               size_t new_size)
{
    (void)size;
    (void)align;
    struct row *from = pooled(address);
    if (from && (uintptr_t)now == address) {
        from->reallocs_in_place++;
        return;
    }
    /* The new block is there before the old one goes. */
    predict_get(now, new_size, 0, false);
    if (from) {
        from->reallocs_moved++;
        count_put(from, address);
    }
}

static void
write_row(int fd, const struct row *from)
{
    const char *comma = "";
    dprintf(fd, "{");
#define WRITE(name)                                                            \
    dprintf(fd, "%s\"" #name "\": %llu", comma, from->name);                   \
    comma = ", ";
    COUNTERS(WRITE)
#undef WRITE
    dprintf(fd, "}");
}

void
predict_write(int fd)
{
    struct row total = {0};
    dprintf(fd, "{\"classes\": [");
    for (unsigned i = 0; i < CLASSES; i++) {
#define ADD(name) total.name += row[i].name;
        COUNTERS(ADD)
#undef ADD
        dprintf(fd, i ? ",\n" : "\n");
        write_row(fd, &row[i]);
    }
    total.peak_live_bytes = peak_live_bytes;
    dprintf(fd, "],\n\"totals\": ");
    write_row(fd, &total);
    dprintf(fd, ",\n\"sizes\": [");
    for (unsigned i = 0; i < SIZES; i++)
        dprintf(fd, "%s%llu", i ? "," : "", sizes[i]);
    dprintf(fd, "],\n\"below\": {\"calls\": %llu, \"bytes\": %llu},\n",
            below_calls, below_bytes);
    dprintf(fd, "\"above\": {\"calls\": %llu, \"bytes\": %llu}}\n", above_calls,
            above_bytes);
}
