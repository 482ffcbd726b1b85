/*
 * report_json.c - the archive format; report.schema.json describes it.
 *
 * Additive within a schema version: members may come, none goes or changes
 * its meaning. Units are in the names; numbers are exact integers but for
 * hit_rate. The brief form is for readers of many live pages: counters that
 * are 0 are left out, and so are size classes, sizes, intervals, leftovers,
 * the configuration and all advice; readers fill in 0.
 */
#include "advice.h"
#include "config.h"
#include "counters.h"
#include "json.h"
#include "profile.h"
#include "render.h"
#include "report_sites.h"
#include "subject.h"

enum { SCHEMA_VERSION = 1 };

static void
emit_unreported(struct json *json, const struct stats_unreported *lost)
{
    if (lost->processes == 0)
        return;
    json_open(json, "unreported", '{');
    json_unsigned(json, "processes", lost->processes);
    json_unsigned(json, "gets", lost->gets);
    json_unsigned(json, "hits", lost->hits);
    json_unsigned(json, "errno", lost->error);
    json_close(json, '}');
}

static void
unsigned_or_null(struct json *json, const char *key, uint64_t value)
{
    if (value > 0)
        json_unsigned(json, key, value);
    else
        json_null(json, key);
}

/* Both or none are known; either alone may be 0. */
static void
emit_cpu(struct json *json, const struct stats_usage *usage)
{
    if (subject_knows_cpu(usage)) {
        json_unsigned(json, "cpu_user_ns", usage->cpu_user_ns);
        json_unsigned(json, "cpu_system_ns", usage->cpu_system_ns);
    } else {
        json_null(json, "cpu_user_ns");
        json_null(json, "cpu_system_ns");
    }
}

static void
emit_process(struct json *json, const struct stats_snapshot *snap)
{
    const struct stats_header *page = snap->page;
    json_line(json);
    json_open(json, "process", '{');
    json_signed(json, "pid", page->pid);
    json_signed(json, "ppid", page->ppid);
    json_unsigned(json, "generation", page->generation);
    json_string(json, "executable", page->executable);
    if (page->file[0] != '\0')
        json_string(json, "file", page->file);
    json_string(json, "build_id", page->build_id);
    json_string(json, "host", page->host);
    if (page->birth.pid_namespace != 0)
        json_unsigned(json, "pid_namespace", page->birth.pid_namespace);
    json_signed(json, "start_unix_ns", page->start_unix_ns);
    json_signed(json, "duration_ns", snap->duration_ns);
    emit_cpu(json, &snap->usage);
    json_string(json, "end", subject_end_name(snap->end));
    if (page->report_errno != 0)
        json_unsigned(json, "report_errno", page->report_errno);
    emit_unreported(json, &page->unreported);
    json_close(json, '}');
}

/* A path may look like a number; options of other kinds mean it. */
static bool
is_text_option(const char *key)
{
    static const char report_file[] = "report_file";
    for (size_t i = 0; i < sizeof(report_file); i++)
        if (key[i] != report_file[i])
            return false;
    return true;
}

static void
emit_config(struct json *json, const struct stats_header *page)
{
    const char *text = page->config;
    struct config_item item;
    json_line(json);
    json_open(json, "config", '{');
    while (config_next(&text, &item)) {
        if (is_text_option(item.key) || !config_is_number(item.value)) {
            json_string(json, item.key, item.value);
            continue;
        }
        /* Its text is a JSON number as it stands. */
        json_number(json, item.key, item.value);
    }
    json_close(json, '}');
}

static void
emit_interception(struct json *json, const struct stats_header *page)
{
    json_line(json);
    json_open(json, "interception", '{');
    json_bool(json, "active", page->active != 0);
    json_string(json, "reason", page->reason);
    json_unsigned(json, "deepbind_stripped", page->deepbind_stripped);
    json_close(json, '}');
}

static void
emit_counts_brief(struct json *json, const struct stats_counts *counts)
{
    for (unsigned i = 0; i < COUNTERS; i++)
        if (counter_value(counts, i) != 0)
            json_unsigned(json, counter_table[i].name,
                          counter_value(counts, i));
}

static void
emit_counts(struct json *json, const struct stats_counts *counts)
{
    for (unsigned i = 0; i < COUNTERS; i++)
        json_unsigned(json, counter_table[i].name, counter_value(counts, i));
    json_rate(json, "hit_rate", counts->hits, counts->gets);
}

static void
emit_pool(struct json *json, const struct stats_snapshot *snap, unsigned pool)
{
    json_line(json);
    json_open(json, NULL, '{');
    json_unsigned(json, "max_bytes", snap->pool[pool].max_bytes);
    emit_counts(json, &snap->pool[pool].counts);
    json_line(json);
    json_open(json, "classes", '[');
    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        if (snap->page->class_pool[i] != pool)
            continue;
        json_line(json);
        json_open(json, NULL, '{');
        json_unsigned(json, "max_bytes", snap->classes[i].max_bytes);
        emit_counts(json, &snap->classes[i].counts);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void
emit_pools(struct json *json, const struct stats_snapshot *snap)
{
    json_line(json);
    json_open(json, "totals", '{');
    emit_counts(json, &snap->total);
    json_close(json, '}');
    json_line(json);
    json_open(json, "pools", '[');
    for (unsigned i = 0; i < PAGE_POOLS; i++)
        emit_pool(json, snap, i);
    json_close(json, ']');
}

static void
emit_pools_brief(struct json *json, const struct stats_snapshot *snap)
{
    json_open(json, "totals", '{');
    emit_counts_brief(json, &snap->total);
    json_close(json, '}');
    json_open(json, "pools", '[');
    for (unsigned i = 0; i < PAGE_POOLS; i++) {
        json_open(json, NULL, '{');
        json_unsigned(json, "max_bytes", snap->pool[i].max_bytes);
        emit_counts_brief(json, &snap->pool[i].counts);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void
emit_side(struct json *json, const char *key, const struct stats_fallback *side)
{
    json_open(json, key, '{');
    json_unsigned(json, "calls", side->calls);
    json_unsigned(json, "bytes", side->bytes);
    json_close(json, '}');
}

static void
emit_bucket(struct json *json, uint64_t from, uint64_t to, const char *what,
            uint64_t count)
{
    json_line(json);
    json_open(json, NULL, '{');
    json_unsigned(json, "from_bytes", from);
    json_unsigned(json, "to_bytes", to);
    json_unsigned(json, what, count);
    json_close(json, '}');
}

static void
emit_profile(struct json *json, const struct stats_snapshot *snap)
{
    json_line(json);
    json_open(json, "fallback", '{');
    emit_side(json, "below", &snap->below);
    emit_side(json, "above", &snap->above);
    json_open(json, "sizes", '[');
    for (unsigned i = 0; i < PAGE_WIDTHS; i++)
        if (snap->fallback_widths[i] > 0)
            emit_bucket(json, width_from(i), width_to(i), "calls",
                        snap->fallback_widths[i]);
    json_close(json, ']');
    json_close(json, '}');

    json_line(json);
    json_open(json, "sizes", '[');
    for (unsigned i = 0; i < PAGE_SIZES; i++)
        if (snap->sizes[i] > 0)
            emit_bucket(json, size_bucket_from(i), size_bucket_to(i), "gets",
                        snap->sizes[i]);
    json_close(json, ']');
}

static void
emit_memory(struct json *json, const struct stats_snapshot *snap)
{
    const struct stats_header *page = snap->page;
    const struct stats_counts *total = &snap->total;
    json_line(json);
    json_open(json, "memory", '{');
    json_unsigned(json, "live_bytes", total->live_bytes);
    json_unsigned(json, "cached_bytes", total->cached_bytes);
    json_unsigned(json, "resident_bytes", total->resident_bytes);
    json_unsigned(json, "peak_live_bytes", total->peak_live_bytes);
    json_bool(json, "peak_live_is_exact", snap->peak_is_exact);
    unsigned_or_null(json, "peak_live_after_ns", subject_peak_after(snap));
    json_unsigned(json, "metadata_bytes", page->metadata_bytes);
    json_unsigned(json, "reserved_bytes", page->reserved_bytes);
    json_unsigned(json, "purged_bytes", snap->purged_bytes);
    unsigned_or_null(json, "rss_bytes", snap->rss_bytes);
    unsigned_or_null(json, "peak_rss_bytes", snap->usage.peak_rss_bytes);
    json_close(json, '}');
}

static void
emit_threads_and_misuse(struct json *json, const struct stats_header *page)
{
    json_line(json);
    json_open(json, "threads", '{');
    json_unsigned(json, "now", page->threads_now);
    json_unsigned(json, "peak", page->threads_peak);
    json_bool(json, "peak_is_bound", subject_threads_are_bound(page));
    json_close(json, '}');
    json_line(json);
    json_open(json, "misuse", '{');
    json_unsigned(json, "double_free", page->double_frees);
    json_unsigned(json, "interior_free", page->interior_frees);
    json_unsigned(json, "misaligned_free", page->misaligned_frees);
    json_unsigned(json, "wild_free", page->wild_frees);
    json_unsigned(json, "wrong_size", page->wrong_sizes);
    json_unsigned(json, "foreign_frees", page->foreign_frees);
    json_close(json, '}');
}

static void
emit_guard(struct json *json, const struct stats_header *page)
{
    if ((page->guarded | page->guards_found) == 0)
        return;
    json_line(json);
    json_open(json, "guard", '{');
    json_unsigned(json, "sampled", page->guarded);
    json_unsigned(json, "caught", page->guards_found);
    json_close(json, '}');
}

/* The curve; its sums are the totals'. The last interval is the open one. */
static void
emit_intervals(struct json *json, const struct stats_snapshot *snap)
{
    json_line(json);
    json_open(json, "intervals", '[');
    for (uint32_t i = 0; i < snap->intervals; i++) {
        struct subject_span span = subject_interval(snap, i);
        json_line(json);
        json_open(json, NULL, '{');
        json_signed(json, "from_ns", span.from_ns);
        json_signed(json, "to_ns", span.to_ns);
        json_unsigned(json, "gets", snap->interval[i].gets);
        json_unsigned(json, "hits", snap->interval[i].hits);
        json_unsigned(json, "misses", snap->interval[i].misses);
        json_unsigned(json, "live_bytes", snap->interval[i].live_bytes);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void
emit_leftovers(struct json *json, const struct stats_snapshot *snap)
{
    json_line(json);
    if (!subject_ended(snap)) {
        json_null(json, "leftovers");
        return;
    }
    json_open(json, "leftovers", '{');
    json_unsigned(json, "buffers", snap->total.live);
    json_unsigned(json, "bytes", snap->total.live_bytes);
    json_open(json, "classes", '[');
    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        const struct stats_class_row *row = &snap->classes[i];
        if (row->counts.live == 0)
            continue;
        json_open(json, NULL, '{');
        json_unsigned(json, "max_bytes", row->max_bytes);
        json_unsigned(json, "buffers", row->counts.live);
        json_unsigned(json, "bytes", row->counts.live_bytes);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void
emit_advice(struct json *json, const struct stats_snapshot *snap,
            const char *key, bool warnings)
{
    char message[ADVICE_BYTES];
    json_line(json);
    json_open(json, key, '[');
    for (unsigned i = 0; i < advice_count; i++) {
        if (advice_is_warning(i) != warnings ||
            !advice_message(i, snap, message))
            continue;
        json_line(json);
        json_open(json, NULL, '{');
        json_string(json, "id", advice_id(i));
        json_string(json, "message", message);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void
emit_all(struct json *json, const struct stats_snapshot *snap)
{
    emit_config(json, snap->page);
    emit_interception(json, snap->page);
    emit_pools(json, snap);
    emit_profile(json, snap);
    emit_memory(json, snap);
    emit_threads_and_misuse(json, snap->page);
    emit_guard(json, snap->page);
    emit_intervals(json, snap);
    emit_leftovers(json, snap);
    if (snap->sites != NULL)
        report_sites(json, snap->sites);
    emit_advice(json, snap, "warnings", true);
    emit_advice(json, snap, "hints", false);
}

static void
emit_brief(struct json *json, const struct stats_snapshot *snap)
{
    emit_interception(json, snap->page);
    emit_pools_brief(json, snap);
    json_open(json, "fallback", '{');
    emit_side(json, "below", &snap->below);
    emit_side(json, "above", &snap->above);
    json_close(json, '}');
    emit_memory(json, snap);
    emit_threads_and_misuse(json, snap->page);
}

void
report_json(struct sink *sink, const struct report_style *style,
            const struct stats_snapshot *snap)
{
    struct json json;
    json_init(&json, sink);
    json_open(&json, NULL, '{');
    json_string(&json, "schema", "midpool.report");
    json_unsigned(&json, "schema_version", SCHEMA_VERSION);
    json_string(&json, "midpool_version", MIDPOOL_VERSION);
    emit_process(&json, snap);
    if (style->brief)
        emit_brief(&json, snap);
    else
        emit_all(&json, snap);
    json_close(&json, '}');
    sink_char(sink, '\n');
}
