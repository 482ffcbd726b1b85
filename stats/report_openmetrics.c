/*
 * report_openmetrics.c - for Prometheus and what reads its formats.
 *
 * The text is valid as OpenMetrics 1.0 and as the text format 0.0.4, which
 * the node exporter's textfile collector and promtool read ("# EOF", the end
 * of the former, is a comment there). They disagree on a counter's TYPE: one
 * wants it for the name without _total, and no second family that differs in
 * that only; the other wants it for the name with _total. So sums have no
 * TYPE line: "unknown" to one, "untyped" to the other, and _total tells
 * people what they are.
 *
 * Every family of counters.def has one series per size class: a sum over
 * class_bytes gives pools and totals. The executable is a label. The pid is
 * one where each process has a file of its own, so that two files in one
 * directory never hold the same series; where report_file names one file
 * for every run of a program, its reports continue one series.
 */
#include <string.h>

#include "config.h"
#include "counters.h"
#include "render.h"
#include "subject.h"

enum { NS_PER_S = 1000000000 };

/* What a metric family says of itself. */
struct family {
    const char *name;
    enum kind { SUM, GAUGE } kind;
    const char *help;
};

struct metrics {
    struct sink *sink;
    const struct stats_snapshot *snap;
    char executable[SUBJECT_LABEL_BYTES + 1];
    bool with_pid;
};

/* Whether a file's name has one of the patterns, each a letter behind %. */
static bool
has_pattern(const char *name, const char *letters)
{
    for (; *name != '\0'; name++) {
        if (*name != '%')
            continue;
        name++; /* %% is no pattern's beginning */
        if (*name == '\0')
            return false;
        if (strchr(letters, *name))
            return true;
    }
    return false;
}

/* Whether the name of the report's file differs from process to process. */
static bool
has_own_file(const struct stats_header *page)
{
    struct config_item item;
    const char *text = page->config;
    while (config_next(&text, &item)) {
        if (strcmp(item.key, "report_file") == 0)
            return item.value[0] == '\0' || has_pattern(item.value, "pt");
    }
    return true;
}

/* The escapes of label values; subject_label has seen to the rest. */
static void
escape_label(struct sink *sink, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || *text == '"')
            sink_char(sink, '\\');
        sink_char(sink, *text);
    }
}

static void
family_name(const struct metrics *m, const struct family *family)
{
    sink_text(m->sink, "midpool_");
    sink_text(m->sink, family->name);
    if (family->kind == SUM)
        sink_text(m->sink, "_total");
}

static void
family_start(const struct metrics *m, const struct family *family)
{
    sink_text(m->sink, "# HELP ");
    family_name(m, family);
    sink_char(m->sink, ' ');
    sink_text(m->sink, family->help);
    if (family->kind == GAUGE) {
        sink_text(m->sink, "\n# TYPE ");
        family_name(m, family);
        sink_text(m->sink, " gauge");
    }
    sink_char(m->sink, '\n');
}

/* The sample's name and the labels that all have; more may follow. */
static void
sample_start(const struct metrics *m, const struct family *family)
{
    family_name(m, family);
    sink_text(m->sink, "{executable=\"");
    escape_label(m->sink, m->executable);
    sink_char(m->sink, '"');
    if (m->with_pid) {
        sink_text(m->sink, ",pid=\"");
        sink_signed(m->sink, m->snap->page->pid);
        sink_char(m->sink, '"');
    }
}

static void
sample_label(const struct metrics *m, const char *name, const char *value)
{
    sink_char(m->sink, ',');
    sink_text(m->sink, name);
    sink_text(m->sink, "=\"");
    escape_label(m->sink, value);
    sink_char(m->sink, '"');
}

static void
sample_bytes_label(const struct metrics *m, const char *name, uint32_t bytes)
{
    sink_char(m->sink, ',');
    sink_text(m->sink, name);
    sink_text(m->sink, "=\"");
    sink_decimal(m->sink, bytes);
    sink_char(m->sink, '"');
}

static void
sample_value(const struct metrics *m, uint64_t value)
{
    sink_text(m->sink, "} ");
    sink_decimal(m->sink, value);
    sink_char(m->sink, '\n');
}

static void
single(const struct metrics *m, const char *name, enum kind kind,
       const char *help, uint64_t value)
{
    const struct family family = {name, kind, help};
    family_start(m, &family);
    sample_start(m, &family);
    sample_value(m, value);
}

static void
emit_counter(const struct metrics *m, unsigned index)
{
    const struct counter *counter = &counter_table[index];
    const struct family family = {
        counter->name,
        counter->kind == COUNTER_SUM ? SUM : GAUGE,
        counter->meaning,
    };
    const struct stats_snapshot *snap = m->snap;
    family_start(m, &family);
    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        unsigned pool = snap->page->class_pool[i];
        sample_start(m, &family);
        sample_bytes_label(m, "class_bytes", snap->classes[i].max_bytes);
        sample_bytes_label(m, "pool_bytes",
                           pool < PAGE_POOLS ? snap->pool[pool].max_bytes : 0);
        sample_value(m, counter_value(&snap->classes[i].counts, index));
    }
}

/* Every request of the process by who served it; the tiers add up to all. */
static void
emit_tiers(const struct metrics *m)
{
    static const struct family family = {
        "requests", SUM, "requests of all sizes, by the tier that served them"};
    const struct stats_snapshot *snap = m->snap;
    const struct {
        const char *tier;
        uint64_t calls;
    } tiers[] = {
        {"cache", snap->total.cache_hits}, {"depot", snap->total.depot_hits},
        {"miss", snap->total.misses},      {"bypass", snap->total.bypasses},
        {"below", snap->below.calls},      {"above", snap->above.calls},
    };
    family_start(m, &family);
    for (unsigned i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++) {
        sample_start(m, &family);
        sample_label(m, "tier", tiers[i].tier);
        sample_value(m, tiers[i].calls);
    }
}

static void
emit_fallback(const struct metrics *m)
{
    static const struct family family = {
        "fallback_bytes", SUM,
        "bytes requested from jemalloc, below and above the band"};
    family_start(m, &family);
    sample_start(m, &family);
    sample_label(m, "tier", "below");
    sample_value(m, m->snap->below.bytes);
    sample_start(m, &family);
    sample_label(m, "tier", "above");
    sample_value(m, m->snap->above.bytes);
}

static void
emit_misuse(const struct metrics *m)
{
    static const struct family family = {"bad_frees", SUM,
                                         "bad frees of pooled buffers"};
    const struct stats_header *page = m->snap->page;
    const struct {
        const char *kind;
        uint64_t count;
    } kinds[] = {
        {"double", page->double_frees},
        {"interior", page->interior_frees},
        {"misaligned", page->misaligned_frees},
        {"wild", page->wild_frees},
        {"wrong_size", page->wrong_sizes},
    };
    family_start(m, &family);
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        sample_start(m, &family);
        sample_label(m, "kind", kinds[i].kind);
        sample_value(m, kinds[i].count);
    }
    single(m, "foreign_frees", SUM,
           "frees of another allocator's pointers, handed on to it",
           page->foreign_frees);
}

static void
seconds(const struct metrics *m, const char *name, const char *help, int64_t ns)
{
    const struct family family = {name, GAUGE, help};
    uint64_t whole = ns > 0 ? (uint64_t)ns : 0;
    family_start(m, &family);
    sample_start(m, &family);
    sink_text(m->sink, "} ");
    sink_decimal(m->sink, whole / NS_PER_S);
    sink_char(m->sink, '.');
    uint64_t rest = whole % NS_PER_S;
    for (uint64_t unit = NS_PER_S / 10; unit > 0; unit /= 10)
        sink_char(m->sink, (char)('0' + rest / unit % 10));
    sink_char(m->sink, '\n');
}

static void
emit_process(const struct metrics *m)
{
    static const struct family info = {"info", GAUGE,
                                       "the process that this is about"};
    const struct stats_snapshot *snap = m->snap;
    const struct stats_header *page = snap->page;
    family_start(m, &info);
    sample_start(m, &info);
    sample_label(m, "version", MIDPOOL_VERSION);
    sample_label(m, "end", subject_end_name(snap->end));
    sample_value(m, 1);
    single(m, "active", GAUGE, "1 when the pools serve the band",
           page->active != 0);
    seconds(m, "start_time_seconds", "start of the process since the epoch",
            page->start_unix_ns);
    seconds(m, "duration_seconds", "how long the process has run",
            snap->duration_ns);
}

static void
emit_memory(const struct metrics *m)
{
    const struct stats_header *page = m->snap->page;
    single(m, "process_peak_live_bytes", GAUGE,
           "highest live_bytes of all classes together",
           m->snap->total.peak_live_bytes);
    single(m, "metadata_bytes", GAUGE, "resident metadata of the pools",
           page->metadata_bytes);
    single(m, "reserved_bytes", GAUGE, "address space taken by the pools",
           page->reserved_bytes);
    single(m, "purged_bytes", SUM, "bytes given back to the system so far",
           m->snap->purged_bytes);
    single(m, "threads", GAUGE, "threads that have a cache now",
           page->threads_now);
    single(m, "threads_peak", GAUGE, "most threads with a cache at a time",
           page->threads_peak);
}

void
report_openmetrics(struct sink *sink, const struct report_style *style,
                   const struct stats_snapshot *snap)
{
    (void)style;
    struct metrics m = {.sink = sink, .snap = snap};
    m.with_pid = has_own_file(snap->page);
    subject_label(snap->page, m.executable);
    emit_process(&m);
    emit_tiers(&m);
    for (unsigned i = 0; i < COUNTERS; i++)
        emit_counter(&m, i);
    emit_fallback(&m);
    emit_misuse(&m);
    emit_memory(&m);
    sink_text(sink, "# EOF\n");
}
