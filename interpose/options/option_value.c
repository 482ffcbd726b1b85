/* option_value.c - see option_value.h. */
#include "option_value.h"

#include <signal.h>
#include <string.h>

#include "decimal.h"
#include "pattern.h"

/* A century: more would overflow once it is nanoseconds. */
static const uint64_t decay_limit_ms = 3155760000000;

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

    if (!decimal_read(text, INT64_MAX, &number, rest))
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
    void option_print_##KIND(struct sink *out, const void *field)              \
    {                                                                          \
        sink_text(out, words_##KIND[*(const type *)field]);                    \
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
option_print_LABELS(struct sink *out, const void *field)
{
    option_print_PATTERN(out, field);
}

void
option_print_PATTERN(struct sink *out, const void *field)
{
    for (const char *at = field; *at != '\0'; at++) {
        if (*at == ',')
            sink_text(out, "\\");
        sink_bytes(out, at, 1);
    }
}

bool
option_parse_PERCENT(const char *text, void *field)
{
    uint64_t number;

    if (!decimal_read(text, 100, &number, &text))
        return false;
    if (*text == '%')
        text++;
    if (*text != '\0')
        return false;
    *(uint32_t *)field = (uint32_t)number;
    return true;
}

void
option_print_PERCENT(struct sink *out, const void *field)
{
    sink_decimal(out, *(const uint32_t *)field);
}

bool
option_parse_NUMBER(const char *text, void *field)
{
    uint64_t number;

    if (!decimal_read(text, INT64_MAX, &number, &text) || *text != '\0')
        return false;
    *(uint64_t *)field = number;
    return true;
}

void
option_print_NUMBER(struct sink *out, const void *field)
{
    sink_decimal(out, *(const uint64_t *)field);
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

/* Bytes with the largest of the suffixes K, M, G that is exact. */
static void
print_size(struct sink *out, uint64_t bytes)
{
    static const char suffix[][2] = {"", "K", "M", "G"};
    unsigned power = 0;

    while (power < 3 && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        power++;
    }
    sink_decimal(out, bytes);
    sink_text(out, suffix[power]);
}

void
option_print_BYTES(struct sink *out, const void *field)
{
    print_size(out, *(const uint64_t *)field);
}

bool
option_parse_DECAY(const char *text, void *field)
{
    uint64_t number;

    if (strcmp(text, "-1") == 0) {
        *(int64_t *)field = -1;
        return true;
    }
    if (!decimal_read(text, decay_limit_ms, &number, &text) || *text != '\0')
        return false;
    *(int64_t *)field = (int64_t)number;
    return true;
}

void
option_print_DECAY(struct sink *out, const void *field)
{
    sink_signed(out, *(const int64_t *)field);
}

bool
option_parse_RATE(const char *text, void *field)
{
    uint64_t bytes = 0;

    if (strcmp(text, "auto") == 0)
        bytes = OPTION_SITES_AUTO;
    else if (strcmp(text, "off") != 0 &&
             (!option_parse_BYTES(text, &bytes) || bytes == 0))
        return false;
    *(uint64_t *)field = bytes;
    return true;
}

void
option_print_RATE(struct sink *out, const void *field)
{
    uint64_t rate = *(const uint64_t *)field;

    if (rate == 0)
        sink_text(out, "off");
    else if (rate == OPTION_SITES_AUTO)
        sink_text(out, "auto");
    else
        option_print_BYTES(out, field);
}

bool
option_parse_STACKS(const char *text, void *field)
{
    uint64_t number;

    if (!decimal_read(text, SITES_STACKS_MAX, &number, &text) ||
        *text != '\0' || number == 0)
        return false;
    *(uint64_t *)field = number;
    return true;
}

void
option_print_STACKS(struct sink *out, const void *field)
{
    option_print_NUMBER(out, field);
}

bool
option_parse_GUARD(const char *text, void *field)
{
    uint64_t rate = 0;

    if (strcmp(text, "auto") == 0)
        rate = OPTION_GUARD_AUTO;
    else if (strcmp(text, "off") != 0 &&
             (!decimal_read(text, OPTION_GUARD_MAX, &rate, &text) ||
              *text != '\0' || rate == 0))
        return false;
    *(uint64_t *)field = rate;
    return true;
}

void
option_print_GUARD(struct sink *out, const void *field)
{
    uint64_t rate = *(const uint64_t *)field;

    if (rate == 0)
        sink_text(out, "off");
    else if (rate == OPTION_GUARD_AUTO)
        sink_text(out, "auto");
    else
        sink_decimal(out, rate);
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
        !decimal_read(text + 1, UINT32_MAX, &count, rest))
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
option_print_WARMUP(struct sink *out, const void *field)
{
    const struct option_warmup *warmup = field;

    for (unsigned i = 0; i < warmup->steps; i++) {
        if (i > 0)
            sink_text(out, "+");
        print_size(out, warmup->step[i].bytes);
        sink_text(out, "=");
        sink_decimal(out, warmup->step[i].count);
    }
}

/*
 * Signals: USR1, SIGUSR1, RTMIN+3, SIGRTMAX-2, 10. KILL and STOP can not be
 * caught; the signals of a crash are left to the program, whose state a report
 * could not trust.
 */
struct signal_name {
    const char *name;
    int number;
};

static const struct signal_name signal_names[] = {
    {"HUP", SIGHUP},     {"INT", SIGINT},       {"QUIT", SIGQUIT},
    {"USR1", SIGUSR1},   {"USR2", SIGUSR2},     {"PIPE", SIGPIPE},
    {"ALRM", SIGALRM},   {"TERM", SIGTERM},     {"CHLD", SIGCHLD},
    {"CONT", SIGCONT},   {"TSTP", SIGTSTP},     {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},   {"URG", SIGURG},       {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ},   {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},
    {"WINCH", SIGWINCH}, {"IO", SIGIO},         {"POLL", SIGIO},
    {"PWR", SIGPWR},
};

enum { SIGNAL_NAMES = sizeof signal_names / sizeof signal_names[0] };

static bool
parse_signal_number(const char *text, int *out)
{
    uint64_t number;

    if (!decimal_read(text, (uint64_t)SIGRTMAX, &number, &text) ||
        *text != '\0')
        return false;
    *out = (int)number;
    return true;
}

/* text follows "RTMIN" (base SIGRTMIN, +1) or "RTMAX" (base SIGRTMAX, -1). */
static bool
parse_signal_offset(const char *text, int base, int direction, int *out)
{
    uint64_t offset = 0;

    if (*text != '\0') {
        if (*text != (direction > 0 ? '+' : '-') ||
            !decimal_read(text + 1, (uint64_t)(SIGRTMAX - SIGRTMIN), &offset,
                          &text) ||
            *text != '\0')
            return false;
    }
    *out = base + direction * (int)offset;
    return true;
}

static bool
parse_signal_name(const char *text, int *out)
{
    if (strncmp(text, "SIG", 3) == 0)
        text += 3;
    if (strncmp(text, "RTMIN", 5) == 0)
        return parse_signal_offset(text + 5, SIGRTMIN, 1, out);
    if (strncmp(text, "RTMAX", 5) == 0)
        return parse_signal_offset(text + 5, SIGRTMAX, -1, out);
    for (size_t i = 0; i < SIGNAL_NAMES; i++) {
        if (strcmp(text, signal_names[i].name) == 0) {
            *out = signal_names[i].number;
            return true;
        }
    }
    return false;
}

static bool
signal_is_usable(int number)
{
    if (number >= SIGRTMIN && number <= SIGRTMAX)
        return true;
    for (size_t i = 0; i < SIGNAL_NAMES; i++) {
        if (signal_names[i].number == number)
            return true;
    }
    return false;
}

bool
option_parse_SIGNAL(const char *text, void *field)
{
    int number;

    if (*text == '\0') {
        *(int *)field = 0;
        return true;
    }
    if (!parse_signal_number(text, &number) &&
        !parse_signal_name(text, &number))
        return false;
    if (!signal_is_usable(number))
        return false;
    *(int *)field = number;
    return true;
}

void
option_print_SIGNAL(struct sink *out, const void *field)
{
    int number = *(const int *)field;

    if (number == 0)
        return;
    if (number >= SIGRTMIN && number <= SIGRTMAX) {
        sink_text(out, "RTMIN+");
        sink_signed(out, number - SIGRTMIN);
        return;
    }
    for (size_t i = 0; i < SIGNAL_NAMES; i++) {
        if (signal_names[i].number == number) {
            sink_text(out, signal_names[i].name);
            return;
        }
    }
}
