/*
 * sink_format.c - sink.h's numbers for people and strings for JSON.
 */
#include "sink.h"

#include <string.h>

#include "utf8.h"

static const uint64_t COUNT_GROUPED_MAX = 10000000000;

enum { NS_PER_US = 1000, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

/* Three significant digits of value / unit: 1.23, 12.3, 123; 1.5 if exact. */
static void
three_digits(struct sink *sink, uint64_t value, uint64_t unit)
{
    uint64_t whole = value / unit;
    unsigned decimals = whole < 10 ? 2 : whole < 100 ? 1 : 0;
    sink_decimal(sink, whole);
    __uint128_t rest = value % unit;
    if (decimals > 0 && rest > 0)
        sink_char(sink, '.');
    for (; decimals > 0 && rest > 0; decimals--) {
        rest *= 10;
        sink_char(sink, (char)('0' + (unsigned)(rest / unit)));
        rest %= unit;
    }
}

void
sink_size(struct sink *sink, uint64_t bytes)
{
    static const char *const names[] = {" KB", " MB", " GB",
                                        " TB", " PB", " EB"};
    if (bytes < 1024) {
        sink_decimal(sink, bytes);
        sink_text(sink, " B");
        return;
    }
    unsigned step = 0;
    while (bytes >> (10 * (step + 1)) >= 1024)
        step++;
    uint64_t unit = (uint64_t)1 << (10 * (step + 1));
    if (bytes % unit == 0)
        sink_decimal(sink, bytes / unit);
    else
        three_digits(sink, bytes, unit);
    sink_text(sink, names[step]);
}

void
sink_count(struct sink *sink, uint64_t value)
{
    static const char *const names[] = {" G", " T", " P", " E"};
    uint64_t unit = COUNT_GROUPED_MAX / 10;
    if (value < COUNT_GROUPED_MAX) {
        sink_grouped(sink, value);
        return;
    }
    unsigned step = 0;
    while (value / unit >= 1000) {
        unit *= 1000;
        step++;
    }
    three_digits(sink, value, unit);
    sink_text(sink, names[step]);
}

void
sink_duration(struct sink *sink, uint64_t ns)
{
    uint64_t seconds = ns / NS_PER_S;
    if (ns < NS_PER_MS) {
        sink_decimal(sink, ns / NS_PER_US);
        sink_text(sink, " us");
    } else if (seconds < 1) {
        three_digits(sink, ns, NS_PER_MS);
        sink_text(sink, " ms");
    } else if (seconds < 120) {
        three_digits(sink, ns, NS_PER_S);
        sink_text(sink, " s");
    } else if (seconds < 7200) {
        sink_decimal(sink, seconds / 60);
        sink_text(sink, " min ");
        sink_decimal(sink, seconds % 60);
        sink_text(sink, " s");
    } else {
        sink_grouped(sink, seconds / 3600);
        sink_text(sink, " h ");
        sink_decimal(sink, seconds / 60 % 60);
        sink_text(sink, " min");
    }
}

static void
json_escape(struct sink *sink, unsigned char c)
{
    if (c == '"' || c == '\\') {
        sink_char(sink, '\\');
        sink_char(sink, (char)c);
    } else if (c == '\n') {
        sink_text(sink, "\\n");
    } else if (c == '\t') {
        sink_text(sink, "\\t");
    } else if (c < 0x20 || c == 0x7f) {
        sink_text(sink, c < 0x10 ? "\\u000" : "\\u00");
        sink_hex(sink, c);
    } else {
        sink_char(sink, (char)c);
    }
}

/* The bytes at text that stand for themselves in a JSON string. */
static size_t
json_plain(const char *text)
{
    size_t length = 0;
    while (text[length] >= ' ' && text[length] <= '~' && text[length] != '"' &&
           text[length] != '\\')
        length++;
    return length;
}

void
sink_json_string(struct sink *sink, const char *text)
{
    sink_char(sink, '"');
    for (;;) {
        size_t plain = json_plain(text);
        sink_bytes(sink, text, plain);
        text += plain;
        if (*text == '\0')
            break;
        size_t length = utf8_sequence(text);
        if (length == 0) {
            sink_text(sink, "\\ufffd");
            length = 1;
        } else if (length == 1) {
            json_escape(sink, (unsigned char)*text);
        } else {
            sink_bytes(sink, text, length);
        }
        text += length;
    }
    sink_char(sink, '"');
}

void
sink_printable_bytes(struct sink *sink, const char *text, size_t count)
{
    while (count > 0) {
        size_t length = utf8_sequence(text);
        if (length == 0 || length > count || utf8_is_control(text, length)) {
            sink_char(sink, '?');
            length = length == 0 || length > count ? 1 : length;
        } else {
            sink_bytes(sink, text, length);
        }
        text += length;
        count -= length;
    }
}

void
sink_printable(struct sink *sink, const char *text)
{
    sink_printable_bytes(sink, text, strlen(text));
}

void
sink_columns(struct sink *sink, const char *text, size_t length, size_t columns)
{
    size_t i = 0;
    while (i < length && columns > 0) {
        size_t sequence = utf8_sequence(text + i);
        if (sequence == 0 || i + sequence > length)
            break;
        sink_bytes(sink, text + i, sequence);
        i += sequence;
        columns--;
    }
    if (i < length)
        sink_text(sink, "...");
}
