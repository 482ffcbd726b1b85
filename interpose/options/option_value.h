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
#include <stddef.h>
#include <stdint.h>

#include "label.h"
#include "pool.h"
#include "report.h"
#include "sink.h"
#include "sites.h"

enum {
    OPTIONS_PATTERN_BYTES = 512,
    OPTIONS_WARMUP_STEPS = 16,
};

enum option_zero { OPTION_ZERO_OFF, OPTION_ZERO_FREE };

/* The statistics page in a file, and whether it stays after exit(). */
enum option_live { OPTION_LIVE_NO, OPTION_LIVE_YES, OPTION_LIVE_KEEP };

/* The amount of series in OpenMetrics reports. */
enum option_detail { OPTION_DETAIL_POOLS, OPTION_DETAIL_CLASSES };

/* The response to a bad free of a pooled buffer. */
enum option_misuse {
    OPTION_MISUSE_ABORT,
    OPTION_MISUSE_WARN,
    OPTION_MISUSE_OFF,
};

/* dlopen's treatment of RTLD_DEEPBIND. */
enum option_deepbind { OPTION_DEEPBIND_STRIP, OPTION_DEEPBIND_KEEP };

/* guard:auto. */
#define OPTION_GUARD_AUTO UINT64_MAX
#define OPTION_SITES_AUTO UINT64_MAX
#define OPTION_GUARD_MAX UINT32_MAX

struct option_warmup {
    unsigned steps;
    struct {
        size_t bytes;
        size_t count;
    } step[OPTIONS_WARMUP_STEPS];
};

#define OPTION_KIND(KIND)                                                      \
    bool option_parse_##KIND(const char *text, void *field);                   \
    void option_print_##KIND(struct sink *out, const void *field);

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
OPTION_KIND(GUARD)
OPTION_KIND(UNWIND)

#undef OPTION_KIND

/* Reads a number of bytes with an optional suffix K, M or G. */
bool option_bytes(const char *text, uint64_t *out, const char **rest);

#endif
