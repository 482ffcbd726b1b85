/*
 * option_nearest.c - see option_nearest.h. The usual table, of which the
 * last three rows are kept: swaps look two rows back.
 */
#include "option_nearest.h"

enum { WORD_MAX = 63 };

static char
lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static unsigned
smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static size_t
cut(size_t length)
{
    return length < WORD_MAX ? length : WORD_MAX;
}

unsigned
option_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned row[3][WORD_MAX + 1];
    unsigned *before = row[0];
    unsigned *above = row[1];
    unsigned *now = row[2];

    a_length = cut(a_length);
    b_length = cut(b_length);
    for (size_t j = 0; j <= b_length; j++)
        now[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *spare = before;

        before = above;
        above = now;
        now = spare;
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned other = lower(a[i - 1]) != lower(b[j - 1]);

            now[j] = smaller(smaller(above[j], now[j - 1]) + 1,
                             above[j - 1] + other);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
    }
    return now[b_length];
}
