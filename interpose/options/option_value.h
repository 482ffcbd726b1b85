/*
 * option_value.h - text to value and back, for every kind of options.def.
 *
 * option_parse_KIND reads the whole of text into *field, a field of that
 * kind in struct options, or returns false with *field unchanged.
 * option_print_KIND adds the value's shortest text that parses to the same.
 */
#ifndef MIDPOOL_INTERPOSE_OPTION_VALUE_H
#define MIDPOOL_INTERPOSE_OPTION_VALUE_H

#include <stdbool.h>

#include "line.h"

#define OPTION_KIND(KIND)                                                      \
    bool option_parse_##KIND(const char *text, void *field);                   \
    void option_print_##KIND(struct line *out, const void *field);

OPTION_KIND(FORMAT)
OPTION_KIND(PATTERN)
OPTION_KIND(LABELS)
OPTION_KIND(DETAIL)
OPTION_KIND(BOOL)
OPTION_KIND(PERCENT)
OPTION_KIND(NUMBER)
OPTION_KIND(SIGNAL)
OPTION_KIND(WARMUP)
OPTION_KIND(LIVE)
OPTION_KIND(ZERO)
OPTION_KIND(MISUSE)
OPTION_KIND(DEEPBIND)
OPTION_KIND(THP)
OPTION_KIND(BYTES)
OPTION_KIND(DECAY)
OPTION_KIND(RATE)
OPTION_KIND(STACKS)
OPTION_KIND(UNWIND)

#undef OPTION_KIND

/* Reads decimal digits up to limit; *rest becomes the text behind them. */
bool option_number(const char *text, uint64_t limit, uint64_t *out,
                   const char **rest);

/* Reads a number of bytes with an optional suffix K, M or G. */
bool option_bytes(const char *text, uint64_t *out, const char **rest);

#endif
