/*
 * snapshot_base.c - see snapshot_base.h.
 */
#include "snapshot_base.h"

#include <string.h>

#include "block_sums.h"
#include "saturate.h"

void
snapshot_take_off_bin(struct stats_counts *c, const struct stats_base_bin *base)
{
    uint64_t puts = c->puts - LOAD(base->puts); /* below zero: see the sums */

#define TAKE_OFF(name) c->name = sat_sub(c->name, LOAD(base->name));
    STATS_BASE_COUNTS(TAKE_OFF)
#undef TAKE_OFF
    c->puts = (int64_t)puts < 0 ? 0 : puts;
}

/*
 * A size that was taken to be another one's (rebase_profile) is missing there:
 * it is one of those that are told now, the largest so that no bytes are told
 * that nobody asked for.
 */
static void
take_off_sizes(uint64_t *sizes, const uint64_t *base)
{
    uint64_t missing = 0;
    for (unsigned i = 0; i < PAGE_SIZES; i++) {
        uint64_t before = LOAD(base[i]);
        missing = sat_add(missing, sat_sub(before, sizes[i]));
        sizes[i] = sat_sub(sizes[i], before);
    }
    for (unsigned i = PAGE_SIZES; i-- > 0;) {
        uint64_t taken = at_most(missing, sizes[i]);
        sizes[i] -= taken;
        missing -= taken;
    }
}

void
snapshot_take_off_profile(struct stats_snapshot *out,
                          const struct stats_base *base)
{
    take_off_sizes(out->sizes, base->sizes);
    for (unsigned i = 0; i < PAGE_WIDTHS; i++)
        out->fallback_widths[i] =
            sat_sub(out->fallback_widths[i], LOAD(base->fallback_calls[i]));
    out->below.bytes = sat_sub(out->below.bytes, LOAD(base->below_bytes));
    out->above.bytes = sat_sub(out->above.bytes, LOAD(base->above_bytes));
}

#define STORE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELAXED)

/* Returns the bin's gets. */
static uint64_t
rebase_bin(struct stats_header *page, unsigned bin)
{
    struct stats_base_bin *base = &page->base.bin[bin];
    struct stats_counts c = {0};
    uint32_t end = blocks_end(page);

    for (uint32_t i = PAGE_FIRST_BLOCK; i < end; i++)
        block_sums_add(&c, stats_block_at(page, i), bin);
    c.discards = LOAD(page->discards[bin]);
    c.warmups = LOAD(page->warmups[bin]);
#define NOTE(name) STORE(base->name, c.name);
    STATS_BASE_COUNTS(NOTE)
#undef NOTE
    STORE(base->live, (int64_t)(c.gets - c.puts));
    return c.gets;
}

/*
 * The sizes of a get that is under way may not be told yet: they are taken to
 * be of the most frequent size, so that sizes still add up to gets.
 */
static void
rebase_profile(struct stats_base *base, struct stats_snapshot *sums,
               uint64_t gets)
{
    unsigned most = 0;

    for (unsigned i = 0; i < PAGE_SIZES; i++) {
        gets -= sums->sizes[i];
        if (sums->sizes[i] > sums->sizes[most])
            most = i;
    }
    sums->sizes[most] += gets;
    for (unsigned i = 0; i < PAGE_SIZES; i++)
        STORE(base->sizes[i], sums->sizes[i]);
    for (unsigned i = 0; i < PAGE_WIDTHS; i++)
        STORE(base->fallback_calls[i], sums->fallback_widths[i]);
    STORE(base->below_bytes, sums->below.bytes);
    STORE(base->above_bytes, sums->above.bytes);
}

void
stats_snapshot_rebase(struct stats_header *page)
{
    static struct stats_snapshot sums; /* of one thread at a time */
    uint64_t gets = 0;
    int64_t live_bytes = 0;

    for (unsigned bin = 0; bin < PAGE_BINS; bin++) {
        unsigned class_index = page->bin_class[bin];
        gets += rebase_bin(page, bin);
        if (class_index < PAGE_CLASSES)
            live_bytes += page->base.bin[bin].live *
                          (int64_t)page->class_bytes[class_index];
    }
    STORE(page->base.live_bytes, live_bytes);
    memset(&sums, 0, sizeof(sums));
    block_sums_profile(&sums, page);
    rebase_profile(&page->base, &sums, gets);
}
