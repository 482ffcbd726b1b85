/*
 * report_openmetrics.c - for Prometheus and the tools that read its formats.
 *
 * The text is valid as OpenMetrics 1.0 and as the text format 0.0.4, which
 * the node exporter's textfile collector and promtool read ("# UNIT" and
 * "# EOF" of the former are comments there). They disagree on a counter's
 * TYPE: one requires it for the name without _total, and no second family that
 * differs only in that; the other requires it for the name with _total. Sums
 * therefore have no TYPE line. They are "unknown" to one and "untyped" to the
 * other; the ending _total shows people that they are sums.
 *
 * Names and texts of all families are in counters.def, and so is how many
 * series each has. A series that is 0 is left out. openmetrics.py of the
 * command renders reports in JSON to the same bytes; a test compares them.
 *
 * Labels of every series: the executable's name, the instance (which no other
 * process ever has, so that two files never hold the same series) and those
 * of the option report_labels.
 */
#include <string.h>

#include "config.h"
#include "counters.h"
#include "label.h"
#include "render.h"
#include "subject.h"

enum { NS_PER_S = 1000000000, EXECUTABLE_BYTES = 64 };

struct metrics {
    struct sink *sink;
    const struct stats_snapshot *snap;
    bool classes;                 /* one series per class, not per pool */
    const struct counter *family; /* that samples belong to */
    bool started;                 /* the family's texts are written */
};

static bool
wants_classes(const struct stats_header *page)
{
    struct config_item item;
    const char *text = page->config;

    while (config_next(&text, &item))
        if (strcmp(item.key, "openmetrics_detail") == 0)
            return strcmp(item.value, "classes") == 0;
    return false;
}

static void
family_begin(struct metrics *m, const struct counter *family)
{
    m->family = family;
    m->started = false;
}

static void
family_name(const struct metrics *m)
{
    sink_text(m->sink, "midpool_");
    sink_text(m->sink, m->family->name);
    if (m->family->kind == COUNTER_SUM)
        sink_text(m->sink, "_total");
}

static bool
name_ends_in_unit(const struct counter *family)
{
    size_t name = strlen(family->name);
    size_t unit = strlen(family->unit);

    return name > unit && family->name[name - unit - 1] == '_' &&
           strcmp(family->name + name - unit, family->unit) == 0;
}

static void
comment(const struct metrics *m, const char *kind, const char *text)
{
    sink_text(m->sink, "# ");
    sink_text(m->sink, kind);
    sink_char(m->sink, ' ');
    family_name(m);
    sink_char(m->sink, ' ');
    sink_text(m->sink, text);
    sink_char(m->sink, '\n');
}

/* The texts come with the family's first sample. */
static void
family_texts(struct metrics *m)
{
    if (m->started)
        return;
    m->started = true;
    comment(m, "HELP", m->family->meaning);
    if (m->family->kind == COUNTER_SUM)
        return;
    comment(m, "TYPE", "gauge");
    if (name_ends_in_unit(m->family))
        comment(m, "UNIT", m->family->unit);
}

static void
instance_label(struct sink *sink, const struct stats_header *page)
{
    sink_text(sink, "\",instance=\"");
    sink_decimal(sink, page->birth.pid_namespace);
    sink_char(sink, '-');
    sink_signed(sink, page->pid);
    sink_char(sink, '-');
    sink_decimal(sink, page->generation);
    sink_char(sink, '-');
    sink_signed(sink, page->start_unix_ns);
    sink_char(sink, '"');
}

static void
user_labels(struct sink *sink, const struct stats_header *page)
{
    struct config_item item;
    const char *text = page->config;

    while (config_next(&text, &item))
        if (strcmp(item.key, "report_labels") == 0)
            label_write_all(sink, item.value);
}

/* The sample's name and the labels that all have; more may follow. */
static void
sample_start(struct metrics *m)
{
    family_texts(m);
    family_name(m);
    sink_text(m->sink, "{executable=\"");
    label_write_value(m->sink, subject_name(m->snap->page), EXECUTABLE_BYTES);
    instance_label(m->sink, m->snap->page);
    user_labels(m->sink, m->snap->page);
}

static void
sample_label(struct metrics *m, const char *name, const char *value)
{
    sink_char(m->sink, ',');
    sink_text(m->sink, name);
    sink_text(m->sink, "=\"");
    sink_text(m->sink, value);
    sink_char(m->sink, '"');
}

static void
sample_bytes_label(struct metrics *m, const char *name, uint32_t bytes)
{
    sink_char(m->sink, ',');
    sink_text(m->sink, name);
    sink_text(m->sink, "=\"");
    sink_decimal(m->sink, bytes);
    sink_char(m->sink, '"');
}

static void
sample_value(struct metrics *m, uint64_t value)
{
    sink_text(m->sink, "} ");
    sink_decimal(m->sink, value);
    sink_char(m->sink, '\n');
}

/* A sample whose label has one of several values; NULL: it has none. */
static void
labelled(struct metrics *m, const char *name, const char *label, uint64_t value)
{
    if (value == 0)
        return;
    sample_start(m);
    if (name)
        sample_label(m, name, label);
    sample_value(m, value);
}

static void
single(struct metrics *m, enum metric metric, uint64_t value)
{
    const struct counter *family = &metric_table[metric];

    if (family->series == SERIES_DETAIL && !m->classes)
        return;
    family_begin(m, family);
    labelled(m, NULL, NULL, value);
}

static void
emit_pools(struct metrics *m, unsigned index)
{
    for (unsigned i = 0; i < PAGE_POOLS; i++) {
        const struct stats_class_row *row = &m->snap->pool[i];
        uint64_t value = counter_value(&row->counts, index);
        if (value == 0)
            continue;
        sample_start(m);
        sample_bytes_label(m, "pool", row->max_bytes);
        sample_value(m, value);
    }
}

static void
emit_classes(struct metrics *m, unsigned index)
{
    const struct stats_snapshot *snap = m->snap;

    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        unsigned pool = snap->page->class_pool[i];
        uint64_t value = counter_value(&snap->classes[i].counts, index);
        if (value == 0 || pool >= PAGE_POOLS)
            continue;
        sample_start(m);
        sample_bytes_label(m, "pool", snap->pool[pool].max_bytes);
        sample_bytes_label(m, "class", snap->classes[i].max_bytes);
        sample_value(m, value);
    }
}

static void
emit_counter(struct metrics *m, unsigned index)
{
    const struct counter *counter = &counter_table[index];

    family_begin(m, counter);
    if (counter->series != SERIES_FIXED && m->classes)
        emit_classes(m, index);
    else if (counter->series == SERIES_POOLS)
        emit_pools(m, index);
    else if (counter->series != SERIES_CLASSES)
        labelled(m, NULL, NULL, counter_value(&m->snap->total, index));
}

static void
emit_fallback(struct metrics *m)
{
    const struct stats_snapshot *snap = m->snap;

    family_begin(m, &metric_table[METRIC_fallback_calls]);
    labelled(m, "tier", "below", snap->below.calls);
    labelled(m, "tier", "above", snap->above.calls);
    family_begin(m, &metric_table[METRIC_fallback_bytes]);
    labelled(m, "tier", "below", snap->below.bytes);
    labelled(m, "tier", "above", snap->above.bytes);
}

static void
emit_misuse(struct metrics *m)
{
    const struct stats_header *page = m->snap->page;

    family_begin(m, &metric_table[METRIC_bad_frees]);
    labelled(m, "kind", "double", page->double_frees);
    labelled(m, "kind", "interior", page->interior_frees);
    labelled(m, "kind", "misaligned", page->misaligned_frees);
    labelled(m, "kind", "wild", page->wild_frees);
    labelled(m, "kind", "wrong_size", page->wrong_sizes);
    single(m, METRIC_foreign_frees, page->foreign_frees);
}

static void
sample_seconds(struct metrics *m, uint64_t whole)
{
    sink_text(m->sink, "} ");
    sink_decimal(m->sink, whole / NS_PER_S);
    sink_char(m->sink, '.');
    uint64_t rest = whole % NS_PER_S;
    for (uint64_t unit = NS_PER_S / 10; unit > 0; unit /= 10)
        sink_char(m->sink, (char)('0' + rest / unit % 10));
    sink_char(m->sink, '\n');
}

static void
seconds(struct metrics *m, enum metric metric, int64_t ns)
{
    if (ns <= 0)
        return;
    family_begin(m, &metric_table[metric]);
    sample_start(m);
    sample_seconds(m, (uint64_t)ns);
}

static void
cpu_seconds(struct metrics *m, const char *mode, uint64_t ns)
{
    if (ns == 0)
        return;
    sample_start(m);
    sample_label(m, "mode", mode);
    sample_seconds(m, ns);
}

static void
emit_process(struct metrics *m)
{
    const struct stats_snapshot *snap = m->snap;
    const struct stats_header *page = snap->page;

    family_begin(m, &metric_table[METRIC_info]);
    sample_start(m);
    sample_label(m, "version", MIDPOOL_VERSION);
    sample_label(m, "end", subject_end_name(snap->end));
    sample_label(m, "active", page->active != 0 ? "yes" : "no");
    sample_label(m, "peak_live", snap->peak_is_exact ? "exact" : "bounded");
    sample_value(m, 1);
    seconds(m, METRIC_start_time_seconds, page->start_unix_ns);
    seconds(m, METRIC_duration_seconds, snap->duration_ns);
    family_begin(m, &metric_table[METRIC_cpu_seconds]);
    cpu_seconds(m, "user", snap->usage.cpu_user_ns);
    cpu_seconds(m, "system", snap->usage.cpu_system_ns);
    single(m, METRIC_peak_rss_bytes, snap->usage.peak_rss_bytes);
}

static void
emit_memory(struct metrics *m)
{
    const struct stats_header *page = m->snap->page;

    single(m, METRIC_metadata_bytes, page->metadata_bytes);
    single(m, METRIC_reserved_bytes, page->reserved_bytes);
    single(m, METRIC_purged_bytes, m->snap->purged_bytes);
    single(m, METRIC_threads, page->threads_now);
    single(m, METRIC_threads_peak, page->threads_peak);
}

void
report_openmetrics(struct sink *sink, const struct report_style *style,
                   const struct stats_snapshot *snap)
{
    struct metrics m = {.sink = sink, .snap = snap};

    (void)style;
    m.classes = wants_classes(snap->page);
    emit_process(&m);
    for (unsigned i = 0; i < COUNTERS; i++)
        emit_counter(&m, i);
    emit_fallback(&m);
    emit_misuse(&m);
    emit_memory(&m);
    sink_text(sink, "# EOF\n");
}
