/*
 * snapshot_base.c - see snapshot_base.h.
 */
#include "snapshot_base.h"

#include <string.h>

#include "saturate.h"

void
snapshot_take_off_bin(struct stats_counts *c, const struct stats_base_bin *base)
{
    c->gets = sat_sub(c->gets, LOAD(base->gets));
    c->requested_bytes =
        sat_sub(c->requested_bytes, LOAD(base->requested_bytes));
    c->puts -= LOAD(base->puts);
    if ((int64_t)c->puts < 0)
        c->puts = 0;
    c->misses = sat_sub(c->misses, LOAD(base->misses));
    c->depot_hits = sat_sub(c->depot_hits, LOAD(base->depot_hits));
    c->remote_puts = sat_sub(c->remote_puts, LOAD(base->remote_puts));
    c->inherited_puts = sat_sub(c->inherited_puts, LOAD(base->inherited_puts));
    c->callocs = sat_sub(c->callocs, LOAD(base->callocs));
    c->aligned = sat_sub(c->aligned, LOAD(base->aligned));
    c->reallocs_in_place =
        sat_sub(c->reallocs_in_place, LOAD(base->reallocs_in_place));
    c->reallocs_moved = sat_sub(c->reallocs_moved, LOAD(base->reallocs_moved));
    c->bypasses = sat_sub(c->bypasses, LOAD(base->bypasses));
    c->discards = sat_sub(c->discards, LOAD(base->discards));
    c->warmups = sat_sub(c->warmups, LOAD(base->warmups));
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
        snapshot_add_block(&c, stats_block_at(page, i), bin);
    STORE(base->gets, c.gets);
    STORE(base->requested_bytes, c.requested_bytes);
    STORE(base->puts, c.puts);
    STORE(base->misses, c.misses);
    STORE(base->depot_hits, c.depot_hits);
    STORE(base->remote_puts, c.remote_puts);
    STORE(base->inherited_puts, c.inherited_puts);
    STORE(base->callocs, c.callocs);
    STORE(base->aligned, c.aligned);
    STORE(base->reallocs_in_place, c.reallocs_in_place);
    STORE(base->reallocs_moved, c.reallocs_moved);
    STORE(base->bypasses, c.bypasses);
    STORE(base->discards, LOAD(page->discards[bin]));
    STORE(base->warmups, LOAD(page->warmups[bin]));
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
    snapshot_sum_profile(&sums, page);
    rebase_profile(&page->base, &sums, gets);
}
