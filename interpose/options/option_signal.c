/*
 * option_signal.c - signal names: USR1, SIGUSR1, RTMIN+3, SIGRTMAX-2, 10.
 *
 * KILL and STOP can not be caught; the signals of a crash are left to the
 * program, whose state a report could not trust.
 */
#include "option_value.h"

#include <signal.h>
#include <string.h>

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
parse_number(const char *text, int *out)
{
    uint64_t number;

    if (!option_number(text, (uint64_t)SIGRTMAX, &number, &text) ||
        *text != '\0')
        return false;
    *out = (int)number;
    return true;
}

/* text follows "RTMIN" (base SIGRTMIN, +1) or "RTMAX" (base SIGRTMAX, -1). */
static bool
parse_offset(const char *text, int base, int direction, int *out)
{
    uint64_t offset = 0;

    if (*text != '\0') {
        if (*text != (direction > 0 ? '+' : '-') ||
            !option_number(text + 1, (uint64_t)(SIGRTMAX - SIGRTMIN), &offset,
                           &text) ||
            *text != '\0')
            return false;
    }
    *out = base + direction * (int)offset;
    return true;
}

static bool
parse_name(const char *text, int *out)
{
    if (strncmp(text, "SIG", 3) == 0)
        text += 3;
    if (strncmp(text, "RTMIN", 5) == 0)
        return parse_offset(text + 5, SIGRTMIN, 1, out);
    if (strncmp(text, "RTMAX", 5) == 0)
        return parse_offset(text + 5, SIGRTMAX, -1, out);
    for (size_t i = 0; i < SIGNAL_NAMES; i++) {
        if (strcmp(text, signal_names[i].name) == 0) {
            *out = signal_names[i].number;
            return true;
        }
    }
    return false;
}

static bool
is_usable(int number)
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
    if (!parse_number(text, &number) && !parse_name(text, &number))
        return false;
    if (!is_usable(number))
        return false;
    *(int *)field = number;
    return true;
}

void
option_print_SIGNAL(struct line *out, const void *field)
{
    int number = *(const int *)field;

    if (number == 0)
        return;
    if (number >= SIGRTMIN && number <= SIGRTMAX) {
        line_add(out, "RTMIN+");
        line_add_signed(out, number - SIGRTMIN);
        return;
    }
    for (size_t i = 0; i < SIGNAL_NAMES; i++) {
        if (signal_names[i].number == number) {
            line_add(out, signal_names[i].name);
            return;
        }
    }
}
