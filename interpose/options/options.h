/*
 * options.h - MIDPOOL_CONF="key:value,key:value".
 *
 * Purpose   Turns the text of the variable into struct options, whose fields
 *           are the keys of options.def, and back into the effective
 *           configuration.
 * Model     Pure functions over the caller's memory: nothing here reads the
 *           environment, allocates, uses stdio or a locale, so that they run
 *           before libc is ready. A bad item never stops anything: it gets a
 *           message, and the previous value stays in effect.
 * Syntax    Items are separated by commas; key and value by the first colon.
 *           Blanks around both are ignored, and so are empty items. A comma
 *           within a value is written as "\,". The last of several wins.
 * Implied   report:text asks for every process's report, so it sets
 *           report_min_gets to 0, unless that is given as well.
 */
#ifndef MIDPOOL_INTERPOSE_OPTIONS_H
#define MIDPOOL_INTERPOSE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "label.h"
#include "pool.h"
#include "report.h"
#include "sites.h"

enum {
    OPTIONS_PATTERN_BYTES = 512,
    OPTIONS_WARMUP_STEPS = 16,
};

enum option_zero { OPTION_ZERO_OFF, OPTION_ZERO_FREE };

/* The statistics page in a file, and whether it stays after exit(). */
enum option_live { OPTION_LIVE_NO, OPTION_LIVE_YES, OPTION_LIVE_KEEP };

/* How many series OpenMetrics reports have. */
enum option_detail { OPTION_DETAIL_POOLS, OPTION_DETAIL_CLASSES };

/* The response to a bad free of a pooled buffer. */
enum option_misuse {
    OPTION_MISUSE_ABORT,
    OPTION_MISUSE_WARN,
    OPTION_MISUSE_OFF,
};

/* dlopen's treatment of RTLD_DEEPBIND. */
enum option_deepbind { OPTION_DEEPBIND_STRIP, OPTION_DEEPBIND_KEEP };

struct option_warmup {
    unsigned steps;
    struct {
        size_t bytes;
        size_t count;
    } step[OPTIONS_WARMUP_STEPS];
};

/* How a field of each kind of options.def is declared. */
#define OPTION_FIELD_FORMAT(key) enum report_format key;
#define OPTION_FIELD_PATTERN(key) char key[OPTIONS_PATTERN_BYTES];
#define OPTION_FIELD_LABELS(key) char key[LABEL_ALL_BYTES];
#define OPTION_FIELD_DETAIL(key) enum option_detail key;
#define OPTION_FIELD_BOOL(key) bool key;
#define OPTION_FIELD_PERCENT(key) uint32_t key;
#define OPTION_FIELD_NUMBER(key) uint64_t key;
#define OPTION_FIELD_SIGNAL(key) int key; /* 0: none */
#define OPTION_FIELD_WARMUP(key) struct option_warmup key;
#define OPTION_FIELD_LIVE(key) enum option_live key;
#define OPTION_FIELD_ZERO(key) enum option_zero key;
#define OPTION_FIELD_MISUSE(key) enum option_misuse key;
#define OPTION_FIELD_DEEPBIND(key) enum option_deepbind key;
#define OPTION_FIELD_THP(key) enum pool_thp key;
#define OPTION_FIELD_BYTES(key) uint64_t key;
#define OPTION_FIELD_DECAY(key) int64_t key;
#define OPTION_FIELD_RATE(key) uint64_t key; /* 0: off */
#define OPTION_FIELD_STACKS(key) uint64_t key;
#define OPTION_FIELD_UNWIND(key) enum sites_unwind key;

/* The rows of options.def, as bits of given below. */
enum option_bit {
#define OPTION(key, kind, fallback, meaning) OPTION_BIT_##key,
#include "options.def"
#undef OPTION
};

struct options {
#define OPTION(key, kind, fallback, meaning) OPTION_FIELD_##kind(key)
#include "options.def"
#undef OPTION
    /*
     * Not an option of the user's: the process that report_children:no was
     * given to, as it tells its children (environment.h); 0: none.
     */
    int reporter;
    uint32_t given; /* 1 << OPTION_BIT_key: the user gave it, not the default */
};

static inline bool
options_gave(const struct options *options, enum option_bit bit)
{
    return (options->given >> bit & 1) != 0;
}

/* Called with one whole line, newline included. */
typedef void options_complaint(const char *line, size_t length);

/* The defaults of options.def. */
void options_init(struct options *out);

/* Takes conf over *out. complain may be NULL: bad items go unmentioned. */
void options_parse(struct options *out, const char *conf,
                   options_complaint *complain);

/*
 * Writes all options as "key:value,key:value", which options_parse reads
 * back to the same. Cut at size; returns the length without the NUL.
 */
size_t options_describe(const struct options *options, char *buf, size_t size);

/* The options that concern the pool. */
void options_pool_config(const struct options *options,
                         struct pool_config *out);

#endif
