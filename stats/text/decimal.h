/*
 * decimal.h - the reader of decimal numbers: no locale, no errno.
 */
#ifndef MIDPOOL_STATS_DECIMAL_H
#define MIDPOOL_STATS_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the digits at text into *out and points *rest, which may be &text,
 * behind them. False, with both unchanged: there is no digit, or the number is
 * above limit.
 */
static inline bool
decimal_read(const char *text, uint64_t limit, uint64_t *out, const char **rest)
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

#endif
