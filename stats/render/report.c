/*
 * report.c - one entry to all renderings.
 */
#include "report.h"

static const struct format {
    const char *extension;
    void (*render)(struct sink *, const struct report_style *,
                   const struct stats_snapshot *);
} formats[] = {
    [REPORT_TEXT] = {"txt", report_text},
    [REPORT_JSON] = {"json", report_json},
    [REPORT_OPENMETRICS] = {"prom", report_openmetrics},
    [REPORT_CSV] = {"csv", report_csv},
};

static const struct format *
format_find(enum report_format format)
{
    unsigned index = (unsigned)format;
    return index < sizeof(formats) / sizeof(formats[0]) ? &formats[index]
                                                        : NULL;
}

size_t
report_render(enum report_format format, const struct report_style *style,
              const struct stats_snapshot *snap, char *buf, size_t size)
{
    const struct format *found = format_find(format);
    if (!found)
        return 0;
    struct sink sink;
    sink_init(&sink, buf, size);
    found->render(&sink, style, snap);
    return sink_finish(&sink);
}

const char *
report_extension(enum report_format format)
{
    const struct format *found = format_find(format);
    return found ? found->extension : "txt";
}
