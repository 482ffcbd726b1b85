/*
 * label.c - see label.h.
 */
#include "label.h"

#include <string.h>

#include "utf8.h"

/* A label within a text: name[0..name_length) and the value behind '='. */
struct label {
    const char *name;
    size_t name_length;
    const char *value;
    const char *end; /* of the value: a '+' or the text's end */
};

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_name(const char *name, size_t length)
{
    if (length == 0 || !is_letter(name[0]))
        return false;
    if (length >= 2 && name[0] == '_' && name[1] == '_')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_letter(name[i]) && !(name[i] >= '0' && name[i] <= '9'))
            return false;
    return true;
}

static bool
is_own(const char *name, size_t length)
{
    static const char *const own[] = {
        "executable", "instance",  "pool", "class",  "tier",
        "kind",       "version",   "end",  "active", "le",
        "quantile",   "peak_live", "mode"};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (strlen(own[i]) == length && memcmp(own[i], name, length) == 0)
            return true;
    return false;
}

/* The length of one character of a good value, 0 where it is not good. */
static size_t
character(const char *text)
{
    size_t length = utf8_sequence(text);
    return utf8_is_control(text, length) ? 0 : length;
}

/* Finds the value's end; NULL where it is empty or not good. */
static const char *
value_end(const char *value)
{
    const char *at = value;
    while (*at != '\0' && *at != '+') {
        if (*at == '\\') {
            at++;
            if (*at != '+' && *at != '\\')
                return NULL;
        }
        size_t length = character(at);
        if (length == 0)
            return NULL;
        at += length;
    }
    return at == value ? NULL : at;
}

/* The label at *text, and *text behind it; false where it is not good. */
static bool
next(const char **text, struct label *label)
{
    const char *equals = strchr(*text, '=');
    if (!equals)
        return false;
    label->name = *text;
    label->name_length = (size_t)(equals - *text);
    label->value = equals + 1;
    label->end = value_end(label->value);
    if (!label->end || !is_name(label->name, label->name_length) ||
        is_own(label->name, label->name_length))
        return false;
    *text = *label->end == '+' ? label->end + 1 : label->end;
    return *label->end == '\0' || **text != '\0';
}

static bool
is_among(const struct label *found, unsigned count, const struct label *label)
{
    for (unsigned i = 0; i < count; i++)
        if (found[i].name_length == label->name_length &&
            memcmp(found[i].name, label->name, label->name_length) == 0)
            return true;
    return false;
}

/* The good labels at the text's start; *rest is behind them. */
static unsigned
split(const char *text, struct label found[LABEL_COUNT_MAX], const char **rest)
{
    unsigned count = 0;
    while (*text != '\0' && count < LABEL_COUNT_MAX) {
        const char *at = text;
        if (!next(&at, &found[count]) || is_among(found, count, &found[count]))
            break;
        text = at;
        count++;
    }
    *rest = text;
    return count;
}

bool
label_all_valid(const char *text)
{
    struct label found[LABEL_COUNT_MAX];
    const char *rest;

    if (strlen(text) >= LABEL_ALL_BYTES)
        return false;
    split(text, found, &rest);
    return *rest == '\0';
}

/* One character of a value, with Prometheus' escapes. */
static void
write_character(struct sink *sink, const char *text, size_t length)
{
    if (length == 1 && (*text == '\\' || *text == '"'))
        sink_char(sink, '\\');
    sink_bytes(sink, text, length);
}

void
label_write_all(struct sink *sink, const char *text)
{
    struct label found[LABEL_COUNT_MAX];
    const char *rest;
    unsigned count = split(text, found, &rest);

    for (unsigned i = 0; i < count; i++) {
        sink_char(sink, ',');
        sink_bytes(sink, found[i].name, found[i].name_length);
        sink_text(sink, "=\"");
        for (const char *at = found[i].value; at < found[i].end; at++) {
            if (*at == '\\')
                at++;
            write_character(sink, at, 1);
        }
        sink_char(sink, '"');
    }
}

void
label_write_value(struct sink *sink, const char *text, size_t max_bytes)
{
    size_t written = 0;

    while (*text != '\0') {
        size_t length = utf8_sequence(text);
        const char *out = text;
        size_t bytes = length;
        if (length == 0) {
            out = replacement;
            bytes = sizeof(replacement) - 1;
            length = 1;
        } else if (utf8_is_control(text, length)) {
            out = "?";
            bytes = 1;
        }
        written += bytes;
        if (written > max_bytes)
            return;
        write_character(sink, out, bytes);
        text += length;
    }
}
