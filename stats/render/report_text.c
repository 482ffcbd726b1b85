/*
 * report_text.c - the report for people: at most 40 lines of 80 columns.
 *
 * Model     A headline that answers the question, a row per pool, then lines
 *           of words, each under a label; lines that would say nothing are
 *           left out. text_rows.c draws the pools and the curve.
 */
#include "advice.h"
#include "render.h"
#include "saturate.h"
#include "subject.h"
#include "text.h"
#include "text_rows.h"

enum {
    NAME_COLUMNS = 32,
    BRIEF_NAME_COLUMNS = 24, /* so that a line of 80 holds all of it */
    LEFTOVER_CLASSES = 6,
    LINES_MAX = 40,
};

static void
say_end(struct sink *sink, const struct stats_snapshot *snap)
{
    static const char *const phrases[] = {
        [STATS_END_RUNNING] = "running for ",
        [STATS_END_EXIT] = "ran for ",
        [STATS_END_EXEC] = "became another program after ",
        [STATS_END_SIGNAL] = "ended by a signal, had run for ",
        [STATS_END_UNKNOWN] = "ended unseen, had run for at least ",
    };
    sink_text(sink, phrases[snap->end]);
    sink_duration(sink, (uint64_t)snap->duration_ns);
}

/* Which process it is and how long it ran; the caller ends the line. */
static struct sink *
say_headline(struct text *text, const struct stats_snapshot *snap,
             unsigned name_columns)
{
    char name[4 * NAME_COLUMNS + 1];
    struct sink cut;
    sink_init(&cut, name, sizeof(name) - 1);
    sink_printable(&cut, subject_name(snap->page));
    name[cut.length] = '\0';
    struct sink *sink = text_words(text);
    sink_columns(sink, name, cut.length, name_columns);
    sink_text(sink, " [");
    sink_signed(sink, snap->page->pid);
    sink_text(sink, "] ");
    say_end(sink, snap);
    return sink;
}

static void
headline(struct text *text, const struct stats_snapshot *snap)
{
    say_headline(text, snap, NAME_COLUMNS);
    text_flush(text, "midpool", TEXT_BOLD);
}

static void
say_part(struct sink *sink, const char *what, uint64_t part, uint64_t whole)
{
    sink_text(sink, what);
    sink_percent(sink, part, whole, 1);
    sink_text(sink, " %");
}

static void
hit_rate(struct text *text, const struct stats_snapshot *snap)
{
    const struct stats_counts *total = &snap->total;
    struct sink *sink = text_words(text);
    say_part(sink, "", total->hits, total->gets);
    sink_text(sink, " of ");
    sink_count(sink, total->gets);
    sink_text(sink, total->gets == 1 ? " get" : " gets");
    say_part(sink, ": cache ", total->cache_hits, total->gets);
    say_part(sink, " + depot ", total->depot_hits, total->gets);
    say_part(sink, "; misses ", total->misses, total->gets);
    text_flush(text, "hit rate", TEXT_BOLD);
}

static void
memory(struct text *text, const struct stats_snapshot *snap)
{
    const struct stats_counts *total = &snap->total;
    struct sink *sink = text_words(text);
    sink_size(sink, total->live_bytes);
    sink_text(sink, " live + ");
    sink_size(sink, total->cached_bytes);
    sink_text(sink, " cached = ");
    sink_size(sink, total->resident_bytes);
    sink_text(sink, " resident; peak live ");
    if (!snap->peak_is_exact)
        sink_text(sink, "at least ");
    sink_size(sink, total->peak_live_bytes);
    uint64_t after = subject_peak_after(snap);
    if (after > 0) {
        sink_text(sink, " after ");
        sink_duration(sink, after);
    }
    if (snap->purged_bytes > 0) {
        sink_text(sink, "; ");
        sink_size(sink, snap->purged_bytes);
        sink_text(sink, " given back on the way");
    }
    text_flush(text, "memory", TEXT_PLAIN);
}

static void
overhead(struct text *text, const struct stats_snapshot *snap)
{
    if (snap->page->metadata_bytes == 0)
        return;
    struct sink *sink = text_words(text);
    sink_size(sink, snap->page->metadata_bytes);
    sink_text(sink, " of midpool's own tables");
    text_flush(text, "overhead", TEXT_PLAIN);
}

static void
say_cpu(struct sink *sink, const struct stats_usage *usage)
{
    sink_duration(sink, usage->cpu_user_ns);
    sink_text(sink, " user + ");
    sink_duration(sink, usage->cpu_system_ns);
    sink_text(sink, " system CPU time");
}

static void
say_rss(struct sink *sink, const struct stats_snapshot *snap)
{
    if (snap->rss_bytes > 0) {
        sink_size(sink, snap->rss_bytes);
        sink_text(sink, " resident, ");
    }
    sink_text(sink, "at most ");
    sink_size(sink, snap->usage.peak_rss_bytes);
    if (snap->rss_bytes == 0)
        sink_text(sink, " resident");
}

static bool
has_usage(const struct stats_usage *usage)
{
    return subject_knows_cpu(usage) || usage->peak_rss_bytes > 0;
}

/* The kernel's counts for the whole process. */
static void
say_usage(struct sink *sink, const struct stats_snapshot *snap)
{
    const struct stats_usage *usage = &snap->usage;
    if (subject_knows_cpu(usage))
        say_cpu(sink, usage);
    if (subject_knows_cpu(usage) && usage->peak_rss_bytes > 0)
        sink_text(sink, "; ");
    if (usage->peak_rss_bytes > 0)
        say_rss(sink, snap);
}

static void
process(struct text *text, const struct stats_snapshot *snap)
{
    if (!has_usage(&snap->usage))
        return;
    say_usage(text_words(text), snap);
    text_flush(text, "process", TEXT_PLAIN);
}

static void
waste(struct text *text, const struct stats_snapshot *snap)
{
    const struct stats_counts *total = &snap->total;
    struct sink *sink = text_words(text);
    uint64_t lost = sat_sub(total->slot_bytes, total->requested_bytes);
    say_part(sink, "", lost, total->slot_bytes);
    sink_text(sink, " of the ");
    sink_size(sink, total->slot_bytes);
    sink_text(sink, " handed out, by rounding up to size classes");
    text_flush(text, "waste", TEXT_PLAIN);
}

static void
say_fallback(struct sink *sink, const struct stats_fallback *side,
             const char *where)
{
    sink_count(sink, side->calls);
    sink_text(sink, side->calls == 1 ? " call (" : " calls (");
    sink_size(sink, side->bytes);
    sink_text(sink, where);
}

static void
fallback(struct text *text, const struct stats_snapshot *snap)
{
    struct sink *sink = text_words(text);
    sink_text(sink, "to jemalloc: ");
    say_fallback(sink, &snap->below, ") below 2 KB, ");
    say_fallback(sink, &snap->above, ") above 64 KB");
    if (snap->total.bypasses > 0) {
        sink_text(sink, "; ");
        sink_count(sink, snap->total.bypasses);
        sink_text(sink, " of the band bypassed the pools");
    }
    text_flush(text, "fallback", TEXT_PLAIN);
}

static void
threads(struct text *text, const struct stats_snapshot *snap)
{
    const struct stats_counts *total = &snap->total;
    struct sink *sink = text_words(text);
    sink_count(sink, snap->page->threads_now);
    sink_text(sink, " now, at most ");
    sink_count(sink, snap->page->threads_peak);
    if (subject_threads_are_bound(snap->page))
        sink_text(sink, " or more (as many have a cache)");
    if (total->remote_puts > 0) {
        say_part(sink, "; ", total->remote_puts, total->puts);
        sink_text(sink, " of ");
        sink_count(sink, total->puts);
        sink_text(sink, " puts came from another thread than the get");
    }
    text_flush(text, "threads", TEXT_PLAIN);
}

/* Calm: most programs leave memory to the system, and that is fine. */
static void
leftovers(struct text *text, const struct stats_snapshot *snap)
{
    if (!subject_ended(snap) || snap->total.live == 0)
        return;
    struct sink *sink = text_words(text);
    sink_count(sink, snap->total.live);
    bool one = snap->total.live == 1;
    sink_text(sink, one ? " buffer (" : " buffers (");
    sink_size(sink, snap->total.live_bytes);
    sink_text(sink,
              one ? ") was in use at the end:" : ") were in use at the end:");
    unsigned named = 0;
    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        uint64_t live = snap->classes[i].counts.live;
        if (live == 0)
            continue;
        if (named == LEFTOVER_CLASSES) {
            sink_text(sink, ", ...");
            break;
        }
        sink_text(sink, named++ > 0 ? ", " : " ");
        sink_count(sink, live);
        sink_text(sink, " of ");
        sink_size(sink, snap->classes[i].max_bytes);
    }
    text_flush(text, "leftovers", TEXT_PLAIN);
}

static void
advice(struct text *text, const struct stats_snapshot *snap, bool warnings)
{
    char message[ADVICE_BYTES];
    for (unsigned i = 0; i < advice_count; i++) {
        if (advice_is_warning(i) != warnings ||
            !advice_message(i, snap, message))
            continue;
        sink_printable(text_words(text), message);
        text_flush(text, warnings ? "WARNING" : "hint",
                   warnings ? TEXT_ALARM : TEXT_BOLD);
    }
}

/* The text about the band when the pools served none of it. */
static void
no_gets(struct text *text, const struct stats_snapshot *snap)
{
    struct sink *sink = text_words(text);
    if (!snap->page->active)
        sink_text(sink, "jemalloc, or the program's own allocator, served "
                        "every request");
    else if (snap->total.bypasses > 0)
        sink_text(sink, "no get: no request of 2 KB to 64 KB could use them");
    else
        sink_text(sink, "no get: the program asked for nothing of 2 KB to "
                        "64 KB, the sizes that the pools serve");
    text_flush(text, "pools", TEXT_BOLD);
}

static void
deepbind(struct text *text, const struct stats_snapshot *snap)
{
    uint64_t count = snap->page->deepbind_stripped;
    struct sink *sink = text_words(text);
    if (count == 0)
        return;
    sink_count(sink, count);
    sink_text(sink, count == 1 ? " library was" : " libraries were");
    sink_text(sink, " opened without RTLD_DEEPBIND, to share one allocator"
                    " with the program (deepbind:strip)");
    text_flush(text, "dlopen", TEXT_PLAIN);
}

static void
guards(struct text *text, const struct stats_snapshot *snap)
{
    uint64_t count = snap->page->guarded;
    struct sink *sink = text_words(text);
    if (count == 0)
        return;
    sink_count(sink, count);
    sink_text(sink, count == 1 ? " get was" : " gets were");
    sink_text(sink, " guarded; ");
    sink_count(sink, snap->page->guards_found);
    sink_text(sink, " caught");
    text_flush(text, "guard", TEXT_PLAIN);
}

static bool
is_warned_of(const struct stats_snapshot *snap)
{
    char message[ADVICE_BYTES];
    for (unsigned i = 0; i < advice_count; i++)
        if (advice_is_warning(i) && advice_message(i, snap, message))
            return true;
    return false;
}

/* All there is to say of a process with few gets, on the headline. */
static void
one_line(struct text *text, const struct stats_snapshot *snap)
{
    const struct stats_counts *total = &snap->total;
    struct sink *sink = say_headline(text, snap, BRIEF_NAME_COLUMNS);
    text->width = TEXT_LINE_BYTES; /* also the longest name is not wrapped */
    sink_text(sink, ": ");
    sink_count(sink, total->gets);
    sink_text(sink, total->gets == 1 ? " get, " : " gets, ");
    sink_count(sink, total->hits);
    sink_text(sink, total->hits == 1 ? " hit" : " hits");
    if (has_usage(&snap->usage)) {
        sink_text(sink, "; ");
        say_usage(sink, snap);
    }
    text_flush(text, "midpool", TEXT_BOLD);
}

void
report_text(struct sink *sink, const struct report_style *style,
            const struct stats_snapshot *snap)
{
    struct text text;
    text_init(&text, sink, style);
    if (style->terse && snap->total.gets < ADVICE_FEW_GETS &&
        !is_warned_of(snap)) {
        one_line(&text, snap);
        return;
    }
    headline(&text, snap);
    if (snap->total.gets > 0)
        hit_rate(&text, snap);
    advice(&text, snap, true);
    if (snap->total.gets > 0) {
        text_pools(&text, snap);
        memory(&text, snap);
        waste(&text, snap);
    } else {
        no_gets(&text, snap);
    }
    fallback(&text, snap);
    threads(&text, snap);
    overhead(&text, snap);
    process(&text, snap);
    if (snap->total.gets > 0)
        text_curve(&text, snap);
    leftovers(&text, snap);
    deepbind(&text, snap);
    guards(&text, snap);
    advice(&text, snap, false);
    if (!style->all)
        text_cut(sink, LINES_MAX);
}
