/*
 * json.c - writes JSON into a sink.
 */
#include "json.h"

enum { RATE_DIGITS = 9 };

void
json_init(struct json *json, struct sink *sink)
{
    *json = (struct json){.sink = sink};
}

static void
json_element(struct json *json, const char *key)
{
    if (json->comma)
        sink_char(json->sink, ',');
    if (json->line) {
        sink_char(json->sink, '\n');
        sink_repeat(json->sink, ' ', json->depth);
    } else if (json->comma) {
        sink_char(json->sink, ' ');
    }
    json->comma = true;
    json->line = false;
    if (key) {
        sink_json_string(json->sink, key);
        sink_text(json->sink, ": ");
    }
}

void
json_open(struct json *json, const char *key, char bracket)
{
    json_element(json, key);
    sink_char(json->sink, bracket);
    json->depth++;
    json->comma = false;
}

void
json_close(struct json *json, char bracket)
{
    json->depth--;
    json->comma = true;
    json->line = false;
    sink_char(json->sink, bracket);
}

void
json_line(struct json *json)
{
    json->line = true;
}

void
json_unsigned(struct json *json, const char *key, uint64_t value)
{
    json_element(json, key);
    sink_decimal(json->sink, value);
}

void
json_signed(struct json *json, const char *key, int64_t value)
{
    json_element(json, key);
    sink_signed(json->sink, value);
}

void
json_number(struct json *json, const char *key, const char *text)
{
    json_element(json, key);
    sink_text(json->sink, text);
}

void
json_string(struct json *json, const char *key, const char *value)
{
    json_element(json, key);
    sink_json_string(json->sink, value);
}

void
json_bool(struct json *json, const char *key, bool value)
{
    json_element(json, key);
    sink_text(json->sink, value ? "true" : "false");
}

void
json_null(struct json *json, const char *key)
{
    json_element(json, key);
    sink_text(json->sink, "null");
}

void
json_rate(struct json *json, const char *key, uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        json_null(json, key);
        return;
    }
    json_element(json, key);
    sink_fraction(json->sink, part, whole, RATE_DIGITS);
}
