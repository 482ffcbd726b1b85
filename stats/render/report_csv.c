/*
 * report_csv.c - one table for spreadsheets and data frames.
 *
 * One row per counted object, whose kind is in the column scope. Columns that
 * do not apply to a row are empty. Every row begins with pid and executable, so
 * that the files of many processes can be concatenated.
 *
 *   total, pool, class  all counters and the hit rate; of total also what
 *                       the kernel counted for the process, in the last columns
 *   size                gets by requested size within the band
 *   fallback            calls by requested size outside the band
 *   below, above        calls and bytes of the fallback in sum
 */
#include "counters.h"
#include "profile.h"
#include "render.h"
#include "subject.h"

enum { RATE_DIGITS = 9, USAGE_COLUMNS = 3 };

struct csv {
    struct sink *sink;
    const struct stats_snapshot *snap;
    char executable[SUBJECT_LABEL_BYTES + 1];
};

/* In quotes, so that a name may hold a comma; a quote is doubled. */
static void
csv_text(struct sink *sink, const char *text)
{
    sink_char(sink, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            sink_char(sink, '"');
        sink_char(sink, *text);
    }
    sink_char(sink, '"');
}

static void
csv_header(struct sink *sink)
{
    sink_text(sink, "pid,executable,scope,pool_bytes,from_bytes,to_bytes,"
                    "calls,bytes,hit_rate");
    for (unsigned i = 0; i < COUNTERS; i++) {
        sink_char(sink, ',');
        sink_text(sink, counter_table[i].name);
    }
    sink_text(sink, ",cpu_user_ns,cpu_system_ns,peak_rss_bytes\n");
}

/* The columns up to to_bytes; zero stands for an empty pool_bytes. */
static void
csv_start(const struct csv *csv, const char *scope, uint64_t pool,
          uint64_t from, uint64_t to)
{
    struct sink *sink = csv->sink;
    sink_signed(sink, csv->snap->page->pid);
    sink_char(sink, ',');
    csv_text(sink, csv->executable);
    sink_char(sink, ',');
    sink_text(sink, scope);
    sink_char(sink, ',');
    if (pool > 0)
        sink_decimal(sink, pool);
    sink_char(sink, ',');
    sink_decimal(sink, from);
    sink_char(sink, ',');
    sink_decimal(sink, to);
    sink_char(sink, ',');
}

static void
csv_counts(struct sink *sink, const struct stats_counts *counts)
{
    sink_text(sink, ",,");
    if (counts->gets > 0)
        sink_fraction(sink, counts->hits, counts->gets, RATE_DIGITS);
    for (unsigned i = 0; i < COUNTERS; i++) {
        sink_char(sink, ',');
        sink_decimal(sink, counter_value(counts, i));
    }
}

/* The last columns; all rows but the total's leave them empty. */
static void
csv_end(struct sink *sink)
{
    sink_repeat(sink, ',', USAGE_COLUMNS);
    sink_char(sink, '\n');
}

static void
csv_usage(struct sink *sink, const struct stats_usage *usage)
{
    bool has_cpu = subject_knows_cpu(usage);
    sink_char(sink, ',');
    if (has_cpu)
        sink_decimal(sink, usage->cpu_user_ns);
    sink_char(sink, ',');
    if (has_cpu)
        sink_decimal(sink, usage->cpu_system_ns);
    sink_char(sink, ',');
    if (usage->peak_rss_bytes > 0)
        sink_decimal(sink, usage->peak_rss_bytes);
    sink_char(sink, '\n');
}

/* gets is the first counter; every other column stays empty. */
static void
csv_gets(struct sink *sink, uint64_t gets)
{
    sink_text(sink, ",,,");
    sink_decimal(sink, gets);
    sink_repeat(sink, ',', COUNTERS - 1);
    csv_end(sink);
}

static void
csv_calls(struct sink *sink, uint64_t calls, const uint64_t *bytes)
{
    sink_decimal(sink, calls);
    sink_char(sink, ',');
    if (bytes)
        sink_decimal(sink, *bytes);
    sink_char(sink, ',');
    sink_repeat(sink, ',', COUNTERS);
    csv_end(sink);
}

static void
csv_rows(const struct csv *csv)
{
    const struct stats_snapshot *snap = csv->snap;
    uint64_t above = PROFILE_MIN_BYTES - 1;
    csv_start(csv, "total", 0, PROFILE_MIN_BYTES, PROFILE_MAX_BYTES);
    csv_counts(csv->sink, &snap->total);
    csv_usage(csv->sink, &snap->usage);
    for (unsigned i = 0; i < PAGE_POOLS; i++) {
        uint32_t to = snap->pool[i].max_bytes;
        csv_start(csv, "pool", to, above + 1, to);
        csv_counts(csv->sink, &snap->pool[i].counts);
        csv_end(csv->sink);
        above = to;
    }
    above = PROFILE_MIN_BYTES - 1;
    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        unsigned pool = snap->page->class_pool[i];
        uint32_t to = snap->classes[i].max_bytes;
        uint64_t pool_bytes =
            pool < PAGE_POOLS ? snap->pool[pool].max_bytes : 0;
        csv_start(csv, "class", pool_bytes, above + 1, to);
        csv_counts(csv->sink, &snap->classes[i].counts);
        csv_end(csv->sink);
        above = to;
    }
}

static void
csv_profile(const struct csv *csv)
{
    const struct stats_snapshot *snap = csv->snap;
    for (unsigned i = 0; i < PAGE_SIZES; i++) {
        if (snap->sizes[i] == 0)
            continue;
        csv_start(csv, "size", 0, size_bucket_from(i), size_bucket_to(i));
        csv_gets(csv->sink, snap->sizes[i]);
    }
    for (unsigned i = 0; i < PAGE_WIDTHS; i++) {
        if (snap->fallback_widths[i] == 0)
            continue;
        csv_start(csv, "fallback", 0, width_from(i), width_to(i));
        csv_calls(csv->sink, snap->fallback_widths[i], NULL);
    }
    csv_start(csv, "below", 0, 0, PROFILE_MIN_BYTES - 1);
    csv_calls(csv->sink, snap->below.calls, &snap->below.bytes);
    csv_start(csv, "above", 0, PROFILE_MAX_BYTES + 1, UINT64_MAX);
    csv_calls(csv->sink, snap->above.calls, &snap->above.bytes);
}

void
report_csv(struct sink *sink, const struct report_style *style,
           const struct stats_snapshot *snap)
{
    (void)style;
    struct csv csv = {.sink = sink, .snap = snap};
    subject_label(snap->page, csv.executable);
    csv_header(sink);
    csv_rows(&csv);
    csv_profile(&csv);
}
