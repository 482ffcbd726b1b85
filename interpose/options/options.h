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

#include "option_value.h"
#include "pool.h"

/* The declaration of a field of each kind of options.def. */
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
#define OPTION_FIELD_GUARD(key) uint64_t key; /* 0: off */
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
