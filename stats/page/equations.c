/*
 * equations.c - the equations that the counters of a snapshot satisfy.
 */
#include "equations.h"

#include <stddef.h>

#include "counters.h"

/* The equations of one row: class, pool or total. */
static const char *
broken_in_row(const struct stats_counts *c)
{
    if (c->gets != c->hits + c->misses)
        return "gets = hits + misses";
    if (c->hits != c->cache_hits + c->depot_hits)
        return "hits = cache_hits + depot_hits";
    if (c->live != c->gets - c->puts)
        return "live = gets - puts";
    if (c->remote_puts > c->puts)
        return "remote_puts are puts";
    if (c->requested_bytes > c->slot_bytes)
        return "requested_bytes fit slot_bytes";
    if (c->resident_bytes != c->live_bytes + c->cached_bytes)
        return "resident_bytes = live_bytes + cached_bytes";
    if (c->peak_live_bytes < c->live_bytes)
        return "peak_live_bytes reach live_bytes";
    return NULL;
}

static const char *
broken_in_class(const struct stats_class_row *row)
{
    if (row->counts.slot_bytes != row->counts.gets * row->max_bytes)
        return "slot_bytes = gets * max_bytes";
    if (row->counts.live_bytes != row->counts.live * row->max_bytes)
        return "live_bytes = live * max_bytes";
    return broken_in_row(&row->counts);
}

static bool
is_sum_of_classes(const struct stats_snapshot *snap, unsigned counter)
{
    uint64_t classes = 0;
    uint64_t pools = 0;
    for (unsigned i = 0; i < PAGE_CLASSES; i++)
        classes += counter_value(&snap->classes[i].counts, counter);
    for (unsigned i = 0; i < PAGE_POOLS; i++)
        pools += counter_value(&snap->pool[i].counts, counter);
    uint64_t total = counter_value(&snap->total, counter);
    if (counter_table[counter].kind == COUNTER_PEAK)
        return classes == pools && total <= classes;
    return classes == pools && total == classes;
}

/* Kept in words of their own, so that they prove something at rest. */
static const char *
broken_at_rest(const struct stats_snapshot *snap)
{
    uint64_t gets = 0;
    for (unsigned i = 0; i < PAGE_SIZES; i++)
        gets += snap->sizes[i];
    if (gets != snap->total.gets)
        return "sizes add up to gets";
    gets = 0;
    for (uint32_t i = 0; i < snap->intervals; i++)
        gets += snap->interval[i].gets;
    if (gets != snap->total.gets)
        return "intervals add up to gets";
    return NULL;
}

const char *
stats_broken_equation(const struct stats_snapshot *snap, bool quiet)
{
    const char *broken = broken_in_row(&snap->total);
    for (unsigned i = 0; !broken && i < PAGE_CLASSES; i++)
        broken = broken_in_class(&snap->classes[i]);
    for (unsigned i = 0; !broken && i < PAGE_POOLS; i++)
        broken = broken_in_row(&snap->pool[i].counts);
    for (unsigned i = 0; !broken && i < COUNTERS; i++)
        if (!is_sum_of_classes(snap, i))
            broken = counter_table[i].name;
    if (!broken && quiet)
        broken = broken_at_rest(snap);
    return broken;
}
