/*
 * json.h - writes JSON into a sink: commas, keys, line breaks.
 *
 * Objects and arrays nest as deep as the caller likes; nothing checks that
 * they are closed in order, the tests parse what comes out. key is NULL for
 * elements of an array.
 */
#ifndef MIDPOOL_STATS_JSON_H
#define MIDPOOL_STATS_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "sink.h"

struct json {
    struct sink *sink;
    unsigned depth;
    bool comma; /* an element came before, on this level */
    bool line;  /* the next element starts a line */
};

void json_init(struct json *json, struct sink *sink);

void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);

/* Starts a line, for people who open a report in an editor. */
void json_line(struct json *json);

void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
/* text is a number as JSON writes it. */
void json_number(struct json *json, const char *key, const char *text);
void json_string(struct json *json, const char *key, const char *value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* part / whole as a fraction from 0 to 1; null without a whole. */
void json_rate(struct json *json, const char *key, uint64_t part,
               uint64_t whole);

#endif
