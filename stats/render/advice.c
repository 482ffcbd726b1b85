/*
 * advice.c - warnings and hints: their conditions and their sentences.
 *
 * Each is one function that writes its sentence, or nothing if it does not
 * apply. Thresholds are named here, with their reasons. A sentence gives the
 * numbers on which it is based, and the whole of each percentage.
 *
 * A warning means that the user can improve something; there is none for costs
 * that no allocator can avoid. A hint names an option only if 'midpool bench
 * --advice' can measure whether it helps this program. (A former hint to warm
 * up buffers made 334 MB ready in every small child of a program that allocates
 * and holds, and made node slower. It is no longer given.)
 */
#include "advice.h"

#include <string.h>

#include "error_text.h"
#include "profile.h"
#include "saturate.h"
#include "sink.h"

enum {
    BYPASS_PERCENT = 1,   /* below, alignment alone explains it */
    DISCARD_PERCENT = 10, /* of misses: buffers given back, needed again */
    FIRST_PERCENT = 90,   /* of misses: the rest is no pattern */
    GUARDED_PERCENT = 10, /* of misses: fewer explain nothing */
    WASTE_PERCENT = 12,   /* even spread over a class wastes about 10 */
    WASTE_MIN_BYTES = 1 << 20,
    ABOVE_PERCENT = 50,
    ABOVE_MIN_CALLS = 1000, /* one large table is no pattern */
};

/* True if part is more than percent % of whole. */
static bool
exceeds(uint64_t part, uint64_t percent, uint64_t whole)
{
    return (__uint128_t)part * 100 > (__uint128_t)whole * percent;
}

/* Without guarded gets: those miss by design, whatever the pools hold. */
static uint64_t
unguarded(const struct stats_snapshot *snap, uint64_t count)
{
    return sat_sub(count, snap->page->guarded);
}

static uint64_t
gets_of_pools(const struct stats_snapshot *snap)
{
    return unguarded(snap, snap->total.gets);
}

static uint64_t
misses_of_pools(const struct stats_snapshot *snap)
{
    return unguarded(snap, snap->total.misses);
}

/*
 * How many misses were a first use of memory that is still in use, or that was
 * at the peak of its class: no allocator can serve those from a buffer that
 * was used before.
 */
static uint64_t
first_uses(const struct stats_snapshot *snap)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        const struct stats_counts *counts = &snap->classes[i].counts;
        uint32_t bytes = snap->classes[i].max_bytes;
        uint64_t used = counts->live;
        if (bytes > 0 && counts->peak_live_bytes / bytes > used)
            used = counts->peak_live_bytes / bytes;
        sum = sat_add(sum, used < counts->misses ? used : counts->misses);
    }
    return sum < misses_of_pools(snap) ? sum : misses_of_pools(snap);
}

static bool
misses_exceed_limit(const struct stats_snapshot *snap, uint64_t misses)
{
    uint32_t limit = snap->page->warn_below;
    return exceeds(misses, limit < 100 ? 100 - limit : 0, gets_of_pools(snap));
}

/* True if the hit rate is low, for any reason and with any number of gets. */
static bool
hit_rate_is_low(const struct stats_snapshot *snap)
{
    return snap->page->warn_below > 0 &&
           misses_exceed_limit(snap, misses_of_pools(snap));
}

/* Low, of enough gets, and not only by first uses: see first_uses. */
static bool
hit_rate_is_a_fault(const struct stats_snapshot *snap)
{
    uint64_t misses = sat_sub(misses_of_pools(snap), first_uses(snap));
    return hit_rate_is_low(snap) && gets_of_pools(snap) >= ADVICE_FEW_GETS &&
           misses_exceed_limit(snap, misses);
}

static void
say_percent(struct sink *sink, uint64_t part, uint64_t whole)
{
    sink_percent(sink, part, whole, 1);
    sink_text(sink, " %");
}

static void
say_inactive(struct sink *sink, const struct stats_snapshot *snap)
{
    if (snap->page->active)
        return;
    sink_text(sink, "the pools were NOT ACTIVE: ");
    sink_text(sink, snap->page->reason[0] ? snap->page->reason
                                          : "no reason is known");
}

static void
say_hit_rate(struct sink *sink, const struct stats_snapshot *snap)
{
    if (!hit_rate_is_a_fault(snap))
        return;
    sink_text(sink, "hit rate ");
    say_percent(sink, snap->total.hits, gets_of_pools(snap));
    sink_text(sink, " of ");
    sink_count(sink, gets_of_pools(snap));
    sink_text(sink, snap->page->guarded == 0 ? " gets is below "
                                             : " unguarded gets is below ");
    sink_decimal(sink, snap->page->warn_below);
    sink_text(sink, " % (warn_below)");
}

static void
say_some(struct sink *sink, size_t start, uint64_t count, const char *what)
{
    if (count == 0)
        return;
    if (sink->length > start)
        sink_text(sink, ", ");
    sink_count(sink, count);
    sink_text(sink, what);
}

static void
say_misuse(struct sink *sink, const struct stats_snapshot *snap)
{
    const struct stats_header *page = snap->page;
    if ((page->double_frees | page->interior_frees | page->misaligned_frees |
         page->wild_frees | page->wrong_sizes) == 0)
        return;
    sink_text(sink, "bad frees: ");
    size_t start = sink->length;
    say_some(sink, start, page->double_frees, " double");
    say_some(sink, start, page->interior_frees, " inside a buffer");
    say_some(sink, start, page->misaligned_frees, " misaligned");
    say_some(sink, start, page->wild_frees, " of memory never handed out");
    say_some(sink, start, page->wrong_sizes, " with a wrong size");
    sink_text(sink, "; the program has a bug, MIDPOOL_CONF=misuse:abort "
                    "stops at the first");
}

static void
say_unreported(struct sink *sink, const struct stats_snapshot *snap)
{
    const struct stats_unreported *lost = &snap->page->unreported;

    if (lost->processes == 0)
        return;
    sink_count(sink, lost->processes);
    sink_text(sink,
              lost->processes == 1 ? " forked process" : " forked processes");
    sink_text(sink, " could not write a report (");
    sink_text(sink, error_text((int)lost->error));
    sink_text(sink, "), with ");
    sink_count(sink, lost->gets);
    sink_text(sink, " gets and ");
    sink_count(sink, lost->hits);
    sink_text(sink, " hits that are not among these; 'midpool run', or "
                    "live:keep, has all numbers");
}

static void
say_bypasses(struct sink *sink, const struct stats_snapshot *snap)
{
    uint64_t bypasses = snap->total.bypasses;
    uint64_t requests = sat_add(snap->total.gets, bypasses);
    if (!snap->page->active || requests < ADVICE_FEW_GETS ||
        !exceeds(bypasses, BYPASS_PERCENT, requests))
        return;
    say_percent(sink, bypasses, requests);
    sink_text(sink, " of the band's ");
    sink_count(sink, requests);
    sink_text(sink, " requests could not use a pool and went to jemalloc "
                    "(alignment, or no address space)");
}

static void
say_remark(struct sink *sink, const struct stats_snapshot *snap)
{
    if (snap->page->active)
        sink_text(sink, snap->page->reason);
}

static void
say_few_gets(struct sink *sink, const struct stats_snapshot *snap)
{
    if (!hit_rate_is_low(snap) || gets_of_pools(snap) >= ADVICE_FEW_GETS)
        return;
    sink_text(sink, "fewer than ");
    sink_count(sink, ADVICE_FEW_GETS);
    sink_text(sink, " gets say little: the first use of every buffer is a "
                    "miss");
}

static void
say_guarded(struct sink *sink, const struct stats_snapshot *snap)
{
    const struct stats_counts *total = &snap->total;
    uint64_t guarded = snap->page->guarded;
    if (guarded > total->misses ||
        !exceeds(guarded, GUARDED_PERCENT, total->misses))
        return;
    sink_count(sink, guarded);
    sink_text(sink, " of ");
    sink_count(sink, total->misses);
    sink_text(sink, " misses were guarded gets (guard), which take new memory "
                    "each time and say nothing of the pools");
}

/* No setting removes these: the text says so, to save the user the search. */
static void
say_first_uses(struct sink *sink, const struct stats_snapshot *snap)
{
    uint64_t misses = misses_of_pools(snap);
    uint64_t needed = first_uses(snap);
    uint64_t discards = unguarded(snap, snap->total.discards);
    if (!hit_rate_is_low(snap) || gets_of_pools(snap) < ADVICE_FEW_GETS ||
        exceeds(sat_sub(misses, needed), 100 - FIRST_PERCENT, misses) ||
        exceeds(discards, DISCARD_PERCENT, misses))
        return;
    sink_count(sink, needed);
    sink_text(sink, " of ");
    sink_count(sink, misses);
    sink_text(sink, " misses were the first use of memory that was in use at "
                    "one time: no allocator avoids those");
}

static void
say_discards(struct sink *sink, const struct stats_snapshot *snap)
{
    uint64_t discards = unguarded(snap, snap->total.discards);
    if (!hit_rate_is_a_fault(snap) ||
        !exceeds(discards, DISCARD_PERCENT, misses_of_pools(snap)))
        return;
    sink_count(sink, discards);
    sink_text(sink, " idle buffers were given back to the system and may have "
                    "been needed again: 'midpool bench --advice' tells "
                    "whether a longer decay_ms or a larger pool_max pays");
}

static uint64_t
row_waste(const struct stats_counts *counts)
{
    return sat_sub(counts->slot_bytes, counts->requested_bytes);
}

/* The most frequent 256-byte step among those that class index serves. */
static unsigned
busiest_bucket(const struct stats_snapshot *snap, unsigned index)
{
    uint64_t above = index == 0 ? 0 : snap->classes[index - 1].max_bytes;
    unsigned best = 0;
    uint64_t most = 0;
    for (unsigned i = 0; i < PAGE_SIZES; i++) {
        if (size_bucket_to(i) <= above ||
            size_bucket_from(i) > snap->classes[index].max_bytes)
            continue;
        if (snap->sizes[i] > most) {
            most = snap->sizes[i];
            best = i;
        }
    }
    return best;
}

static void
say_waste(struct sink *sink, const struct stats_snapshot *snap)
{
    uint64_t waste = row_waste(&snap->total);
    if (waste < WASTE_MIN_BYTES ||
        !exceeds(waste, WASTE_PERCENT, snap->total.slot_bytes))
        return;
    unsigned worst = 0;
    for (unsigned i = 1; i < PAGE_CLASSES; i++)
        if (row_waste(&snap->classes[i].counts) >
            row_waste(&snap->classes[worst].counts))
            worst = i;
    unsigned bucket = busiest_bucket(snap, worst);
    say_percent(sink, waste, snap->total.slot_bytes);
    sink_text(sink, " of the bytes handed out were not asked for, most (");
    sink_size(sink, row_waste(&snap->classes[worst].counts));
    sink_text(sink, ") in buffers of ");
    sink_grouped(sink, snap->classes[worst].max_bytes);
    sink_text(sink, " bytes, often for requests of ");
    sink_grouped(sink, size_bucket_from(bucket));
    sink_text(sink, " to ");
    sink_grouped(sink, size_bucket_to(bucket));
}

static void
say_above(struct sink *sink, const struct stats_snapshot *snap)
{
    uint64_t all = sat_add(snap->above.bytes, snap->below.bytes);
    all = sat_add(all, snap->total.requested_bytes);
    /* The bytes of bypasses are not counted: without them it would be wrong. */
    if (!snap->page->active ||
        exceeds(snap->total.bypasses, BYPASS_PERCENT,
                sat_add(snap->total.gets, snap->total.bypasses)))
        return;
    if (snap->above.calls < ABOVE_MIN_CALLS ||
        !exceeds(snap->above.bytes, ABOVE_PERCENT, all))
        return;
    say_percent(sink, snap->above.bytes, all);
    sink_text(sink, " of all bytes asked for were in requests above 64 KB, "
                    "which the pools do not serve");
}

static const struct advice {
    const char *id;
    bool warning;
    void (*say)(struct sink *sink, const struct stats_snapshot *snap);
} advices[] = {
    {"inactive", true, say_inactive},      {"hit_rate", true, say_hit_rate},
    {"misuse", true, say_misuse},          {"unreported", true, say_unreported},
    {"bypasses", true, say_bypasses},      {"remark", false, say_remark},
    {"guarded", false, say_guarded},       {"few_gets", false, say_few_gets},
    {"first_uses", false, say_first_uses}, {"discards", false, say_discards},
    {"waste", false, say_waste},           {"above_band", false, say_above},
};

const unsigned advice_count = sizeof(advices) / sizeof(advices[0]);

const char *
advice_id(unsigned index)
{
    return advices[index].id;
}

bool
advice_is_warning(unsigned index)
{
    return advices[index].warning;
}

bool
advice_message(unsigned index, const struct stats_snapshot *snap,
               char message[ADVICE_BYTES])
{
    struct sink sink;
    sink_init(&sink, message, ADVICE_BYTES - 1);
    advices[index].say(&sink, snap);
    message[sink.length] = '\0';
    return sink.length > 0;
}
