/*
 * predict_model.c - the independent count behind predict.c.
 *
 * Classes come from classes.h, not from midpool's table. Addresses that were
 * handed out are remembered in a hash table: its entry says which class has the
 * block now, so that the count knows a pooled block from one of the fallback.
 */
#include "predict.h"

#include <unistd.h>

#include "check.h"
#include "classes.h"

enum {
    SIZES = 249,
    WIDTHS = 65,
    SEEN_BITS = 20,
    SEEN = 1 << SEEN_BITS,
    ALIGN_ORDINARY = 64,
    ALIGN_POOLED = 4096,
    COLOUR_BYTES = 64,
    STRETCH_SHIFT = 20,
};

/* One line a counter that is kept per class: name. */
#define COUNTERS(C)                                                            \
    C(gets)                                                                    \
    C(hits)                                                                    \
    C(misses)                                                                  \
    C(puts)                                                                    \
    C(callocs)                                                                 \
    C(aligned)                                                                 \
    C(reallocs_in_place)                                                       \
    C(reallocs_moved)                                                          \
    C(requested_bytes)                                                         \
    C(slot_bytes) C(live) C(live_bytes) C(peak_live_bytes) C(bypasses)

struct row {
#define FIELD(name) unsigned long long name;
    COUNTERS(FIELD)
#undef FIELD
};

static struct row row[CLASSES];
static unsigned long long sizes[SIZES], widths[WIDTHS], below_calls,
    below_bytes, above_calls, above_bytes, live_bytes, peak_live_bytes;

/*
 * Page-aligned blocks of a class are kept apart from ordinary ones: each kind
 * has its own peak, and the class's is their sum.
 */
static struct {
    unsigned long long live, peak;
} bins[CLASSES][2];

static struct {
    uintptr_t address; /* 0: free entry */
    int class_index;   /* -1: not a pooled block now */
    unsigned whole_pages;
} seen[SEEN];
static unsigned seen_count;

/* The class that serves a request of the band. */
static unsigned
class_for(size_t size, size_t align)
{
    bool whole_pages = align > ALIGN_ORDINARY;
    unsigned index = class_of(size);
    while (whole_pages && class_bytes(index) % 4096 != 0)
        index++;
    return index;
}

/*
 * Memory that served blocks of one kind and then, wholly free and with its
 * pages present, another: a block in what was handed out then is a hit as
 * well. Such memory changes kind by stretches of 1 MB.
 */
static struct {
    uintptr_t number;
    unsigned kind;  /* class and page alignment, plus one */
    unsigned used;  /* bytes handed out as this kind, from the start */
    unsigned older; /* and as earlier ones */
} stretch[512];

static bool
in_older_use(uintptr_t address, unsigned kind, size_t stride)
{
    uintptr_t number = address >> STRETCH_SHIFT;
    unsigned at = (unsigned)number % 512;
    while (stretch[at].number != 0 && stretch[at].number != number)
        at = (at + 1) % 512;
    stretch[at].number = number;
    if (stretch[at].kind != kind) {
        if (stretch[at].used > stretch[at].older)
            stretch[at].older = stretch[at].used;
        stretch[at].used = 0;
        stretch[at].kind = kind;
    }
    unsigned end = (unsigned)((address & ((1u << STRETCH_SHIFT) - 1)) + stride);
    if (end > stretch[at].used)
        stretch[at].used = end;
    return end <= stretch[at].older;
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
count_get(struct row *to, uintptr_t address, size_t size, bool whole_pages)
{
    size_t slot = class_bytes((unsigned)(to - row));
    unsigned at = seen_at(address);
    bool older =
        in_older_use(address, 2 * (unsigned)(to - row) + whole_pages + 1,
                     whole_pages ? slot : slot + COLOUR_BYTES);
    to->gets++;
    if (older || seen[at].address == address) {
        to->hits++;
    } else {
        to->misses++;
    }
    if (seen[at].address != address)
        CHECK(++seen_count < SEEN / 2, "too many addresses");
    seen[at].address = address;
    seen[at].class_index = (int)(to - row);
    seen[at].whole_pages = whole_pages;
    to->requested_bytes += size;
    to->slot_bytes += slot;
    to->live++;
    to->live_bytes += slot;
    if (++bins[to - row][whole_pages].live > bins[to - row][whole_pages].peak)
        bins[to - row][whole_pages].peak++;
    live_bytes += slot;
    if (live_bytes > peak_live_bytes)
        peak_live_bytes = live_bytes;
    sizes[(size - 2048) / 256]++;
}

static void
count_fallback(size_t size)
{
    unsigned width = 0;
    while (width < 64 && size >> width != 0)
        width++;
    widths[width]++;
    if (size < 2048) {
        below_calls++;
        below_bytes += size;
    } else {
        above_calls++;
        above_bytes += size;
    }
}

void
predict_get(const void *ptr, size_t size, size_t align, bool zeroed)
{
    if (!in_band(size)) {
        count_fallback(size);
    } else {
        struct row *to = &row[class_for(size, align)];
        if (align > ALIGN_POOLED) {
            row[class_for(size, 0)].bypasses++;
            return;
        }
        count_get(to, (uintptr_t)ptr, size, align > ALIGN_ORDINARY);
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
    unsigned at = seen_at(address);
    size_t slot = class_bytes((unsigned)(from - row));
    seen[at].class_index = -1;
    bins[from - row][seen[at].whole_pages].live--;
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
    if (from && in_band(new_size))
        count_get(
            &row[class_of(class_deciding((unsigned)(from - row), new_size))],
            (uintptr_t)now, new_size, false);
    else
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
    check_write(fd, "{");
#define WRITE(name)                                                            \
    check_write(fd, "%s\"" #name "\": %llu", comma, from->name);               \
    comma = ", ";
    COUNTERS(WRITE)
#undef WRITE
    check_write(fd, "}");
}

void
predict_write(int fd)
{
    struct row total = {0};
    check_write(fd, "{\"classes\": [");
    for (unsigned i = 0; i < CLASSES; i++) {
        for (unsigned whole_pages = 0; whole_pages < 2; whole_pages++)
            row[i].peak_live_bytes +=
                bins[i][whole_pages].peak * class_bytes(i);
#define ADD(name) total.name += row[i].name;
        COUNTERS(ADD)
#undef ADD
        check_write(fd, i ? ",\n" : "\n");
        write_row(fd, &row[i]);
    }
    total.peak_live_bytes = peak_live_bytes;
    check_write(fd, "],\n\"totals\": ");
    write_row(fd, &total);
    check_write(fd, ",\n\"sizes\": [");
    for (unsigned i = 0; i < SIZES; i++)
        check_write(fd, "%s%llu", i ? "," : "", sizes[i]);
    check_write(fd, "],\n\"widths\": [");
    for (unsigned i = 0; i < WIDTHS; i++)
        check_write(fd, "%s%llu", i ? "," : "", widths[i]);
    check_write(fd, "],\n\"below\": {\"calls\": %llu, \"bytes\": %llu},\n",
                below_calls, below_bytes);
    check_write(fd, "\"above\": {\"calls\": %llu, \"bytes\": %llu}}\n",
                above_calls, above_bytes);
}
