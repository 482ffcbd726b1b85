/*
 * sums.c - see sums.h.
 */
#include "sums.h"

#include "recent.h"
#include "saturate.h"

void
block_sums_add(struct stats_counts *sum, const struct stats_block *block,
               unsigned bin)
{
    const struct stats_hot *hot = &block->hot[bin];
    const struct stats_cold *cold = &block->cold[bin];

    /*
     * puts before gets: a buffer is got before it is put. Those of one block
     * may be below zero; in all there are no fewer than none.
     */
    sum->puts += LOAD(hot->puts);
    sum->remote_puts = sat_add(sum->remote_puts, LOAD(hot->remote_puts));
    sum->inherited_puts =
        sat_add(sum->inherited_puts, LOAD(hot->inherited_puts));
    sum->misses = sat_add(sum->misses, LOAD(hot->misses));
    sum->depot_hits = sat_add(sum->depot_hits, LOAD(hot->depot_hits));
    struct recent_sums recent = recent_read(block, bin);
    sum->gets = sat_add(sum->gets, recent.gets);
    sum->requested_bytes = sat_add(sum->requested_bytes, recent.bytes);

    sum->callocs = sat_add(sum->callocs, LOAD(cold->callocs));
    sum->aligned = sat_add(sum->aligned, LOAD(cold->aligned));
    sum->reallocs_in_place =
        sat_add(sum->reallocs_in_place, LOAD(cold->reallocs_in_place));
    sum->reallocs_moved =
        sat_add(sum->reallocs_moved, LOAD(cold->reallocs_moved));
    sum->bypasses = sat_add(sum->bypasses, LOAD(cold->bypasses));
}

void
block_sums_profile(struct stats_snapshot *out, const struct stats_header *page)
{
    uint32_t end = blocks_end(page);
    for (uint32_t b = PAGE_FIRST_BLOCK; b < end; b++) {
        const struct stats_block *block = stats_block_at(page, b);
        for (unsigned i = 0; i < PAGE_SIZES; i++)
            out->sizes[i] = sat_add(out->sizes[i], LOAD(block->sizes[i]));
        for (unsigned i = 0; i < PAGE_WIDTHS; i++)
            out->fallback_widths[i] = sat_add(out->fallback_widths[i],
                                              LOAD(block->fallback_calls[i]));
        uint64_t granted = LOAD(block->below_granted);
        out->below.bytes =
            sat_add(out->below.bytes,
                    sat_sub(granted, (uint64_t)LOAD(block->below_credit)));
        out->above.bytes = sat_add(out->above.bytes, LOAD(block->above_bytes));
    }
}

uint64_t
block_sums_gets(const struct stats_header *page)
{
    uint64_t gets = 0;
    uint32_t end = blocks_end(page);
    for (uint32_t b = PAGE_FIRST_BLOCK; b < end; b++) {
        for (unsigned bin = 0; bin < PAGE_BINS; bin++)
            gets =
                sat_add(gets, recent_read(stats_block_at(page, b), bin).gets);
    }
    return gets;
}

bool
block_is_unused(const struct stats_block *block)
{
    uint64_t used = 0;
    for (unsigned bin = 0; bin < PAGE_BINS; bin++)
        used |= recent_read(block, bin).gets | LOAD(block->hot[bin].puts);
    return used == 0;
}
