/*
 * text_rows.c - the drawn parts of the text report.
 *
 * A pool's bar is as long as its share of the busiest pool's gets; its
 * pieces are the tiers that served them.
 */
#include "text_rows.h"

#include "saturate.h"
#include "subject.h"

enum {
    SIZE_COLUMNS = 9,
    GETS_COLUMNS = 14,
    RATE_COLUMNS = 9,
    BAR_COLUMNS = 22,
    BYTES_COLUMNS = 10,
    CURVE_MIN_INTERVALS = 4,
    CURVE_STEPS = 8,
    NS_PER_S = 1000000000,
};

static const struct tier {
    enum text_colour colour;
    const char *name;
    const char *block;
    const char *ascii;
} tiers[] = {
    {TEXT_CACHE, "cache", "\u2588", "#"},
    {TEXT_DEPOT, "depot", "\u2593", "+"},
    {TEXT_MISS, "miss", "\u2591", "."},
};

static void
draw_cells(const struct text *text, const struct tier *tier, uint64_t count)
{
    if (count == 0)
        return;
    text_colour(text, tier->colour);
    for (; count > 0; count--)
        sink_text(text->sink, text->style->utf8 ? tier->block : tier->ascii);
    text_colour(text, TEXT_PLAIN);
}

/* value of whole in columns, rounded to the nearest. */
static uint64_t
scale(uint64_t value, uint64_t whole, uint64_t columns)
{
    __uint128_t product = (__uint128_t)value * columns + whole / 2;
    return (uint64_t)(product / whole);
}

static void
draw_bar(const struct text *text, const struct stats_counts *counts,
         uint64_t busiest)
{
    uint64_t length = scale(counts->gets, busiest, BAR_COLUMNS);
    if (length == 0 && counts->gets > 0)
        length = 1;
    uint64_t cache = 0;
    uint64_t hits = 0;
    if (counts->gets > 0) {
        cache = scale(counts->cache_hits, counts->gets, length);
        hits = scale(counts->hits, counts->gets, length);
    }
    draw_cells(text, &tiers[0], cache);
    draw_cells(text, &tiers[1], sat_sub(hits, cache));
    draw_cells(text, &tiers[2], sat_sub(length, hits));
    sink_repeat(text->sink, ' ', BAR_COLUMNS - length);
}

static void
cell_size(struct sink *sink, uint64_t bytes, size_t columns)
{
    size_t start = sink->length;
    sink_size(sink, bytes);
    sink_pad_left(sink, start, columns);
}

static void
draw_row(const struct text *text, const struct stats_class_row *row,
         uint64_t busiest)
{
    struct sink *sink = text->sink;
    const struct stats_counts *counts = &row->counts;
    cell_size(sink, row->max_bytes, SIZE_COLUMNS);
    size_t start = sink->length;
    sink_count(sink, counts->gets);
    sink_pad_left(sink, start, GETS_COLUMNS);
    start = sink->length;
    if (counts->gets > 0) {
        sink_percent(sink, counts->hits, counts->gets, 1);
        sink_text(sink, " %");
    } else {
        sink_text(sink, "-  ");
    }
    sink_pad_left(sink, start, RATE_COLUMNS);
    sink_text(sink, "  ");
    draw_bar(text, counts, busiest);
    cell_size(sink, counts->live_bytes, BYTES_COLUMNS);
    cell_size(sink, counts->peak_live_bytes, BYTES_COLUMNS);
    sink_char(sink, '\n');
}

static void
cell_text(struct sink *sink, const char *words, size_t columns)
{
    size_t start = sink->length;
    sink_text(sink, words);
    sink_pad_left(sink, start, columns);
}

static void
draw_header(const struct text *text)
{
    struct sink *sink = text->sink;
    sink_char(sink, '\n');
    cell_text(sink, text->style->all ? "class" : "pool", SIZE_COLUMNS);
    cell_text(sink, "gets", GETS_COLUMNS);
    cell_text(sink, "hit rate", RATE_COLUMNS);
    sink_text(sink, "  ");
    for (unsigned i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
        draw_cells(text, &tiers[i], 1);
        sink_char(sink, ' ');
        sink_text(sink, tiers[i].name);
        sink_repeat(sink, ' ', i < 2 ? 1 : 2);
    }
    cell_text(sink, "live", BYTES_COLUMNS);
    cell_text(sink, "peak live", BYTES_COLUMNS);
    sink_char(sink, '\n');
}

static void
draw_rows(const struct text *text, const struct stats_class_row *rows,
          unsigned count)
{
    uint64_t busiest = 1;
    for (unsigned i = 0; i < count; i++)
        if (rows[i].counts.gets > busiest)
            busiest = rows[i].counts.gets;
    draw_header(text);
    for (unsigned i = 0; i < count; i++)
        draw_row(text, &rows[i], busiest);
    sink_char(text->sink, '\n');
}

void
text_pools(struct text *text, const struct stats_snapshot *snap)
{
    if (text->style->all)
        draw_rows(text, snap->classes, PAGE_CLASSES);
    else
        draw_rows(text, snap->pool, PAGE_POOLS);
}

/* Gets per second of an interval; 0 for one without length. */
static uint64_t
interval_rate(const struct stats_snapshot *snap, uint32_t index)
{
    struct subject_span span = subject_interval(snap, index);
    if (span.to_ns <= span.from_ns)
        return 0;
    __uint128_t rate = (__uint128_t)snap->interval[index].gets * NS_PER_S /
                       (uint64_t)(span.to_ns - span.from_ns);
    return rate > UINT64_MAX ? UINT64_MAX : (uint64_t)rate;
}

static void
draw_step(struct sink *sink, uint64_t step, bool utf8)
{
    static const char *const blocks[] = {"_",      "\u2581", "\u2582",
                                         "\u2583", "\u2584", "\u2585",
                                         "\u2586", "\u2587", "\u2588"};
    static const char ascii[] = "_.:-=+*#@";
    if (utf8)
        sink_text(sink, blocks[step]);
    else
        sink_char(sink, ascii[step]);
}

void
text_curve(struct text *text, const struct stats_snapshot *snap)
{
    /* The open interval is too short to give a rate that compares. */
    if (snap->intervals < CURVE_MIN_INTERVALS + 1)
        return;
    uint32_t count = snap->intervals - 1;
    uint64_t highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t rate = interval_rate(snap, i);
        highest = rate > highest ? rate : highest;
    }
    if (highest == 0)
        return;
    struct sink *sink = text_words(text);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t rate = interval_rate(snap, i);
        uint64_t step = scale(rate, highest, CURVE_STEPS);
        draw_step(sink, rate > 0 && step == 0 ? 1 : step, text->style->utf8);
    }
    sink_char(sink, ' ');
    sink_duration(sink, (uint64_t)snap->interval_ns);
    sink_text(sink, " a column, busiest ");
    sink_count(sink, highest);
    sink_text(sink, " gets/s");
    text_flush(text, "over time", TEXT_PLAIN);
}
