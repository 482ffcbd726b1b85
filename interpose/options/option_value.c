/* option_value.c - see option_value.h; signals are in option_signal.c. */
#include "option_value.h"

#include <string.h>

#include "options.h"
#include "pattern.h"

/* A century: more would overflow once it is nanoseconds. */
static const uint64_t decay_limit_ms = 3155760000000;

bool
option_number(const char *text, uint64_t limit, uint64_t *out,
              const char **rest)
{
    uint64_t number = 0;

    if (*text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');

        if (digit > limit || number > (limit - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *out = number;
    *rest = text;
    return true;
}

static unsigned
suffix_shift(char suffix)
{
    switch (suffix) {
    case 'K':
    case 'k':
        return 10;
    case 'M':
    case 'm':
        return 20;
    case 'G':
    case 'g':
        return 30;
    default:
        return 0;
    }
}

bool
option_bytes(const char *text, uint64_t *out, const char **rest)
{
    uint64_t number;
    unsigned shift;

    if (!option_number(text, INT64_MAX, &number, rest))
        return false;
    shift = suffix_shift(**rest);
    if (shift != 0)
        (*rest)++;
    if (number > (uint64_t)INT64_MAX >> shift)
        return false;
    *out = number << shift;
    return true;
}

/* The position of text among names, or -1. */
static int
name_index(const char *text, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(text, names[i]) == 0)
            return i;
    }
    return -1;
}

/* A kind that is one word of a list, in the order of its enum. */
#define OPTION_WORDS(KIND, type, ...)                                          \
    static const char *const words_##KIND[] = {__VA_ARGS__};                   \
    bool option_parse_##KIND(const char *text, void *field)                    \
    {                                                                          \
        int count = (int)(sizeof words_##KIND / sizeof words_##KIND[0]);       \
        int index = name_index(text, words_##KIND, count);                     \
                                                                               \
        if (index >= 0)                                                        \
            *(type *)field = (type)index;                                      \
        return index >= 0;                                                     \
    }                                                                          \
    void option_print_##KIND(struct line *out, const void *field)              \
    {                                                                          \
        line_add(out, words_##KIND[*(const type *)field]);                     \
    }

OPTION_WORDS(FORMAT, enum report_format, "text", "json", "openmetrics", "csv",
             "none")
OPTION_WORDS(BOOL, bool, "no", "yes")
OPTION_WORDS(LIVE, enum option_live, "no", "yes", "keep")
OPTION_WORDS(ZERO, enum option_zero, "off", "free")
OPTION_WORDS(MISUSE, enum option_misuse, "abort", "warn", "off")
OPTION_WORDS(DEEPBIND, enum option_deepbind, "strip", "keep")
OPTION_WORDS(DETAIL, enum option_detail, "pools", "classes")
OPTION_WORDS(THP, enum pool_thp, "default", "never", "dense", "auto")
OPTION_WORDS(UNWIND, enum sites_unwind, "eh", "fp")

bool
option_parse_PATTERN(const char *text, void *field)
{
    size_t length = strlen(text);

    if (length >= OPTIONS_PATTERN_BYTES || !pattern_is_valid(text))
        return false;
    /* Followed by another item it would read as a comma of the value. */
    if (length > 0 && text[length - 1] == '\\')
        return false;
    memcpy(field, text, length + 1);
    return true;
}

bool
option_parse_LABELS(const char *text, void *field)
{
    size_t length = strlen(text);

    /* A backslash at the end would hide the comma of the next item. */
    if (!label_all_valid(text) || (length > 0 && text[length - 1] == '\\'))
        return false;
    memcpy(field, text, length + 1);
    return true;
}

void
option_print_LABELS(struct line *out, const void *field)
{
    option_print_PATTERN(out, field);
}

void
option_print_PATTERN(struct line *out, const void *field)
{
    for (const char *at = field; *at != '\0'; at++) {
        if (*at == ',')
            line_add(out, "\\");
        line_add_bytes(out, at, 1);
    }
}

bool
option_parse_PERCENT(const char *text, void *field)
{
    uint64_t number;

    if (!option_number(text, 100, &number, &text))
        return false;
    if (*text == '%')
        text++;
    if (*text != '\0')
        return false;
    *(uint32_t *)field = (uint32_t)number;
    return true;
}

void
option_print_PERCENT(struct line *out, const void *field)
{
    line_add_unsigned(out, *(const uint32_t *)field);
}

bool
option_parse_NUMBER(const char *text, void *field)
{
    uint64_t number;

    if (!option_number(text, INT64_MAX, &number, &text) || *text != '\0')
        return false;
    *(uint64_t *)field = number;
    return true;
}

void
option_print_NUMBER(struct line *out, const void *field)
{
    line_add_unsigned(out, *(const uint64_t *)field);
}

bool
option_parse_BYTES(const char *text, void *field)
{
    uint64_t bytes;

    if (!option_bytes(text, &bytes, &text) || *text != '\0')
        return false;
    *(uint64_t *)field = bytes;
    return true;
}

void
option_print_BYTES(struct line *out, const void *field)
{
    line_add_size(out, *(const uint64_t *)field);
}

bool
option_parse_DECAY(const char *text, void *field)
{
    uint64_t number;

    if (strcmp(text, "-1") == 0) {
        *(int64_t *)field = -1;
        return true;
    }
    if (!option_number(text, decay_limit_ms, &number, &text) || *text != '\0')
        return false;
    *(int64_t *)field = (int64_t)number;
    return true;
}

void
option_print_DECAY(struct line *out, const void *field)
{
    line_add_signed(out, *(const int64_t *)field);
}

bool
option_parse_RATE(const char *text, void *field)
{
    uint64_t bytes = 0;

    if (strcmp(text, "off") != 0 &&
        (!option_parse_BYTES(text, &bytes) || bytes == 0))
        return false;
    *(uint64_t *)field = bytes;
    return true;
}

void
option_print_RATE(struct line *out, const void *field)
{
    if (*(const uint64_t *)field == 0)
        line_add(out, "off");
    else
        option_print_BYTES(out, field);
}

bool
option_parse_STACKS(const char *text, void *field)
{
    uint64_t number;

    if (!option_number(text, SITES_STACKS_MAX, &number, &text) ||
        *text != '\0' || number == 0)
        return false;
    *(uint64_t *)field = number;
    return true;
}

void
option_print_STACKS(struct line *out, const void *field)
{
    option_print_NUMBER(out, field);
}

/* One "16K=1000"; the band is all that a pool can warm. */
static bool
parse_warmup_step(const char *text, struct option_warmup *warmup,
                  const char **rest)
{
    uint64_t bytes;
    uint64_t count;

    if (warmup->steps == OPTIONS_WARMUP_STEPS ||
        !option_bytes(text, &bytes, &text) || *text != '=' ||
        !option_number(text + 1, UINT32_MAX, &count, rest))
        return false;
    if (bytes < 2048 || bytes > 65536)
        return false;
    warmup->step[warmup->steps].bytes = (size_t)bytes;
    warmup->step[warmup->steps].count = (size_t)count;
    warmup->steps++;
    return true;
}

bool
option_parse_WARMUP(const char *text, void *field)
{
    struct option_warmup warmup = {0};

    while (*text != '\0') {
        if (!parse_warmup_step(text, &warmup, &text))
            return false;
        if (*text == '+' && text[1] != '\0')
            text++;
        else if (*text != '\0')
            return false;
    }
    memcpy(field, &warmup, sizeof warmup);
    return true;
}

void
option_print_WARMUP(struct line *out, const void *field)
{
    const struct option_warmup *warmup = field;

    for (unsigned i = 0; i < warmup->steps; i++) {
        if (i > 0)
            line_add(out, "+");
        line_add_size(out, warmup->step[i].bytes);
        line_add(out, "=");
        line_add_unsigned(out, warmup->step[i].count);
    }
}
