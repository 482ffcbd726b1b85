/* options.c - see options.h: the table of options.def at work. */
#include "options.h"

#include <string.h>

#include "decimal.h"
#include "option_nearest.h"
#include "option_value.h"

struct option_row {
    const char *key;
    const char *fallback;
    const char *meaning;
    size_t offset; /* of the field in struct options */
    bool (*parse)(const char *text, void *field);
    void (*print)(struct sink *out, const void *field);
};

static const struct option_row rows[] = {
#define OPTION(key, kind, fallback, meaning)                                   \
    {#key,                                                                     \
     fallback,                                                                 \
     meaning,                                                                  \
     offsetof(struct options, key),                                            \
     option_parse_##kind,                                                      \
     option_print_##kind},
#include "options.def"
#undef OPTION
};

enum { ROWS = sizeof rows / sizeof rows[0] };

_Static_assert(ROWS <= 32, "each has a bit in given");

/* A stretch of the text being parsed. */
struct span {
    const char *at;
    size_t length;
};

static bool
is_blank(char letter)
{
    return letter == ' ' || (letter >= '\t' && letter <= '\r');
}

static struct span
trim(struct span span)
{
    while (span.length > 0 && is_blank(span.at[0])) {
        span.at++;
        span.length--;
    }
    while (span.length > 0 && is_blank(span.at[span.length - 1]))
        span.length--;
    return span;
}

static bool
span_equals(struct span span, const char *word)
{
    return span.length == strlen(word) &&
           memcmp(span.at, word, span.length) == 0;
}

static void *
row_field(const struct option_row *row, const struct options *options)
{
    return (char *)(uintptr_t)options + row->offset;
}

static const struct option_row *
find_row(struct span key)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (span_equals(key, rows[i].key))
            return &rows[i];
    }
    return NULL;
}

static const struct option_row *
nearest_row(struct span key)
{
    const struct option_row *best = &rows[0];
    unsigned least = ~0u;

    for (size_t i = 0; i < ROWS; i++) {
        unsigned distance = option_distance(key.at, key.length, rows[i].key,
                                            strlen(rows[i].key));

        if (distance < least) {
            least = distance;
            best = &rows[i];
        }
    }
    return best;
}

static void
add_quoted(struct sink *out, struct span span)
{
    enum { SHOWN = 200 };

    sink_text(out, "\"");
    sink_printable_bytes(out, span.at,
                         span.length < SHOWN ? span.length : SHOWN);
    sink_text(out, span.length < SHOWN ? "\"" : "...\"");
}

/* Ends the line with the value in effect instead. */
static void
add_in_effect(struct sink *out, const struct option_row *row,
              const struct options *options)
{
    struct line value;
    struct sink *text = line_start(&value, "");

    row->print(text, row_field(row, options));
    sink_text(out, row->key);
    sink_text(out, ":");
    if (text->length > 0)
        sink_printable(out, line_string(&value));
    else
        sink_text(out, "(none)");
    sink_text(out, " is used\n");
}

static void
complain_of_key(struct span key, const struct options *options,
                options_complaint *complain)
{
    const struct option_row *row = nearest_row(key);
    struct line line;

    line_start(&line, "midpool: MIDPOOL_CONF: unknown key ");
    add_quoted(&line.sink, key);
    sink_text(&line.sink, " ignored; the nearest key is \"");
    sink_text(&line.sink, row->key);
    sink_text(&line.sink, "\"; ");
    add_in_effect(&line.sink, row, options);
    complain(line.text, line.sink.length);
}

static void
complain_of_value(const struct option_row *row, struct span value,
                  const struct options *options, options_complaint *complain)
{
    struct line line;

    line_start(&line, "midpool: MIDPOOL_CONF: bad value ");
    add_quoted(&line.sink, value);
    sink_text(&line.sink, " for key \"");
    sink_text(&line.sink, row->key);
    sink_text(&line.sink, "\" (");
    sink_text(&line.sink, row->meaning);
    sink_text(&line.sink, "); ");
    add_in_effect(&line.sink, row, options);
    complain(line.text, line.sink.length);
}

/* Copies value with "\," as ","; false when it does not fit. */
static bool
unescape(struct span value, char *out, size_t size)
{
    size_t length = 0;

    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] == '\\' && i + 1 < value.length &&
            value.at[i + 1] == ',')
            i++;
        if (length + 1 == size)
            return false;
        out[length++] = value.at[i];
    }
    out[length] = '\0';
    return true;
}

/* environment_mark wrote it, not the user: a bad value is ignored silently. */
static void
take_reporter(struct options *out, struct span value)
{
    char text[16];
    const char *rest;
    uint64_t pid;

    if (unescape(value, text, sizeof text) &&
        decimal_read(text, INT32_MAX, &pid, &rest) && *rest == '\0')
        out->reporter = (int)pid;
}

/* Sets the other options that an item implies: "Implied" in the header. */
static void
take_implied(struct options *out, const struct option_row *row)
{
    if (row - rows == OPTION_BIT_report && out->report == REPORT_TEXT &&
        !options_gave(out, OPTION_BIT_report_min_gets))
        out->report_min_gets = 0;
}

static void
take_item(struct options *out, struct span item, options_complaint *complain)
{
    char text[OPTIONS_PATTERN_BYTES];
    const struct option_row *row;
    const char *colon;
    struct span key;
    struct span value;

    item = trim(item);
    if (item.length == 0)
        return;
    colon = memchr(item.at, ':', item.length);
    key.at = item.at;
    key.length = colon == NULL ? item.length : (size_t)(colon - item.at);
    value.at = colon == NULL ? item.at + item.length : colon + 1;
    value.length = (size_t)(item.at + item.length - value.at);
    key = trim(key);
    value = trim(value);

    row = find_row(key);
    if (row != NULL) {
        if (unescape(value, text, sizeof text) &&
            row->parse(text, row_field(row, out))) {
            out->given |= 1u << (row - rows);
            take_implied(out, row);
            return;
        }
        if (complain != NULL)
            complain_of_value(row, value, out, complain);
    } else if (span_equals(key, "reporter")) {
        take_reporter(out, value);
    } else if (complain != NULL) {
        complain_of_key(key, out, complain);
    }
}

void
options_init(struct options *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < ROWS; i++)
        rows[i].parse(rows[i].fallback, row_field(&rows[i], out));
}

void
options_parse(struct options *out, const char *conf,
              options_complaint *complain)
{
    const char *start = conf;

    for (const char *at = conf;; at++) {
        if (*at == '\\' && at[1] == ',') {
            at++;
        } else if (*at == ',' || *at == '\0') {
            take_item(out, (struct span){start, (size_t)(at - start)},
                      complain);
            if (*at == '\0')
                return;
            start = at + 1;
        }
    }
}

size_t
options_describe(const struct options *options, char *buf, size_t size)
{
    struct sink out;

    sink_init(&out, buf, size - 1);
    for (size_t i = 0; i < ROWS; i++) {
        if (i > 0)
            sink_text(&out, ",");
        sink_text(&out, rows[i].key);
        sink_text(&out, ":");
        rows[i].print(&out, row_field(&rows[i], options));
    }
    buf[out.length] = '\0';
    return out.length;
}

void
options_pool_config(const struct options *options, struct pool_config *out)
{
    *out = pool_config_default;
    out->zero_on_free = options->zero == OPTION_ZERO_FREE;
    out->check_fill = options->check_fill;
    out->thp = options->thp;
    out->cache_max_bytes = options->cache_max;
    out->pool_max_bytes = options->pool_max;
    out->decay_ms = options->decay_ms;
}
