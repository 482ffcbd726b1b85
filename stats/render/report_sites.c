/* report_sites.c - see report_sites.h. */
#include "report_sites.h"

enum {
    SITE_TEXT_BYTES = 1024,
    FRAME_TEXT_BYTES = 40,
    MODULE_TEXT_BYTES = 6 * SITES_PATH_BYTES + 512, /* each byte escaped */
};

static uint64_t
whole(uint64_t units)
{
    return (units + SITES_UNIT / 2) / SITES_UNIT;
}

/* Below 0 for a moment only, while other threads count. */
static uint64_t
natural(int64_t value)
{
    return value > 0 ? (uint64_t)value : 0;
}

/* The square root, rounded: Newton's method, without libm. */
static uint64_t
error_of(double variance)
{
    double root = variance > 1 ? variance : 1;

    if (!(variance > 0.25))
        return 0;
    for (int i = 0; i < 600 && root * root > variance * (1 + 1e-12); i++)
        root = (root + variance / root) / 2;
    return (uint64_t)(root + 0.5);
}

static void
emit_frame(struct json *json, uint64_t frame)
{
    uint64_t module = frame >> SITES_OFFSET_BITS;

    json_open(json, NULL, '[');
    if (module == SITES_NO_MODULE)
        json_null(json, NULL);
    else
        json_unsigned(json, NULL, module);
    json_unsigned(json, NULL, frame & ((UINT64_C(1) << SITES_OFFSET_BITS) - 1));
    json_close(json, ']');
}

static void
emit_frames(struct json *json, const struct sites *table,
            const struct site *site)
{
    const uint64_t *frame = sites_frames(table, site);

    json_open(json, "frames", '[');
    for (unsigned i = 0; site->ready && i < site->depth; i++)
        emit_frame(json, frame[i]);
    json_close(json, ']');
}

static void
emit_site(struct json *json, const struct sites *table, const struct site *site)
{
    struct sites_peak peak = sites_peak(table, site);

    json_line(json);
    json_open(json, NULL, '{');
    json_unsigned(json, "samples", site->samples);
    json_unsigned(json, "gets", whole(site->objects));
    json_unsigned(json, "gets_error", error_of(site->objects_variance));
    json_unsigned(json, "requested_bytes", site->bytes);
    json_unsigned(json, "requested_bytes_error",
                  error_of(site->bytes_variance));
    json_unsigned(json, "misses", whole(site->misses));
    json_unsigned(json, "misses_error", error_of(site->misses_variance));
    json_unsigned(json, "live", whole(natural(site->live_objects)));
    json_unsigned(json, "live_bytes", natural(site->live_bytes));
    json_unsigned(json, "peak_live", whole(natural(peak.objects)));
    json_unsigned(json, "peak_live_bytes", natural(peak.bytes));
    json_unsigned(json, "sampled_puts", site->frees);
    json_unsigned(json, "sampled_remote_puts", site->remote_frees);
    json_open(json, "lifetimes", '[');
    for (unsigned i = 0; i < SITES_LIFETIMES; i++)
        json_unsigned(json, NULL, site->lifetime[i]);
    json_close(json, ']');
    emit_frames(json, table, site);
    json_close(json, '}');
}

static void
emit_module(struct json *json, const struct sites_module *module)
{
    json_line(json);
    json_open(json, NULL, '{');
    json_string(json, "path", module->path);
    json_string(json, "build_id", module->build_id);
    json_unsigned(json, "start", module->start);
    json_unsigned(json, "end", module->end);
    json_unsigned(json, "base", module->base);
    json_close(json, '}');
}

/* Writes the complete modules; another thread may be adding one just now. */
static void
emit_modules(struct json *json, const struct sites *table)
{
    json_line(json);
    json_open(json, "modules", '[');
    for (uint32_t i = 0; i < table->modules && i < SITES_MODULES; i++)
        emit_module(json, sites_module_at(table, i));
    json_close(json, ']');
}

static uint64_t
count_samples(const struct sites *table)
{
    uint64_t samples = 0;

    for (uint32_t i = 0; i < table->site_count; i++)
        samples += sites_at(table, i)->samples;
    return samples;
}

static void
emit_stacks(struct json *json, const struct sites *table)
{
    json_line(json);
    json_open(json, "stacks", '[');
    for (uint32_t i = 1; i < table->site_count; i++) {
        const struct site *site = sites_at(table, i);

        if (site->hash != 0 && site->samples != 0)
            emit_site(json, table, site);
    }
    json_close(json, ']');
}

void
report_sites(struct json *json, const struct sites *table)
{
    json_line(json);
    json_open(json, "sites", '{');
    json_unsigned(json, "rate_bytes", table->rate);
    json_unsigned(json, "rate_bytes_max", table->rate_most);
    json_string(json, "sizes", table->all ? "all" : "band");
    json_string(json, "unwind", table->unwind == SITES_UNWIND_FP ? "fp" : "eh");
    json_unsigned(json, "samples", count_samples(table));
    json_unsigned(json, "lost_records", table->lost);
    json_unsigned(json, "stacks_max", table->stacks_max);
    json_unsigned(json, "live_bytes", natural(table->live_bytes));
    json_unsigned(json, "peak_live_bytes", natural(table->peak_bytes));
    emit_modules(json, table);
    emit_stacks(json, table);
    json_line(json);
    json_open(json, "other_stacks", '[');
    if (sites_at(table, 0)->samples != 0)
        emit_site(json, table, sites_at(table, 0));
    json_close(json, ']');
    json_close(json, '}');
}

size_t
report_sites_bytes(const struct sites *table)
{
    return (size_t)(table->stacks_max + 2) * SITE_TEXT_BYTES +
           (size_t)table->frame_count * FRAME_TEXT_BYTES +
           (size_t)SITES_MODULES * MODULE_TEXT_BYTES;
}
