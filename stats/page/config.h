/*
 * config.h - reads the effective options that a page carries as text.
 */
#ifndef MIDPOOL_STATS_CONFIG_H
#define MIDPOOL_STATS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

enum { CONFIG_KEY_BYTES = 32, CONFIG_VALUE_BYTES = 600 };

struct config_item {
    char key[CONFIG_KEY_BYTES];
    char value[CONFIG_VALUE_BYTES]; /* "\," has become "," */
};

/*
 * Reads the item at *text ("key:value", up to a comma that no backslash
 * stands before) and moves *text behind it. False at the end. A text that is
 * longer than its field is cut.
 */
bool config_next(const char **text, struct config_item *item);

/* True if the value is a whole number that JSON readers keep exactly. */
bool config_is_number(const char *value);

#endif
