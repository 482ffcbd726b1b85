/* chance.c - see chance.h. */
#include "chance.h"

enum { SMALL_SHIFT = 4, SERIES = 12, LARGE = 40 };

/* xorshift64*, after Vigna, "An experimental exploration", 2016. */
static uint64_t
draw(uint64_t *random)
{
    uint64_t x = *random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *random = x;
    return x * UINT64_C(2685821657736338717);
}

/*
 * Natural logarithm of a positive normal number, to 13 digits: the number is
 * m * 2^e with m about 1, and ln m = 2 artanh((m - 1) / (m + 1)).
 */
static double
logarithm(double value)
{
    static const double ln2 = 0.693147180559945309417;
    static const double half_of_two = 1.41421356237309504880;
    union {
        double value;
        uint64_t bits;
    } split = {value};
    int exponent = (int)(split.bits >> 52) - 1023;

    split.bits =
        (split.bits & ((UINT64_C(1) << 52) - 1)) | (UINT64_C(1023) << 52);
    if (split.value > half_of_two) {
        split.value /= 2;
        exponent++;
    }

    double ratio = (split.value - 1) / (split.value + 1);
    double square = ratio * ratio;
    double sum = 0;

    for (int power = 2 * SERIES - 1; power > 0; power -= 2)
        sum = sum * square + 1.0 / power;
    return 2 * ratio * sum + exponent * ln2;
}

uint64_t
chance_distance(uint64_t *random, uint64_t rate)
{
    static const double unit = 1.0 / (double)(UINT64_C(1) << 53);
    double uniform = ((double)(draw(random) >> 11) + 0.5) * unit;
    double distance = -logarithm(uniform) * (double)rate;

    return distance < (double)INT64_MAX / 2 ? (uint64_t)distance
                                            : (uint64_t)INT64_MAX / 2;
}

/*
 * Computes the value of a small argument by its series, to 16 digits, and that
 * of a larger one by doubling.
 */
double
chance_of(uint64_t bytes, uint64_t rate)
{
    double part = (double)bytes / (double)rate;
    unsigned doublings = 0;
    double chance = 0;

    if (part > LARGE)
        return 1;
    for (; part > 1.0 / (1 << SMALL_SHIFT); doublings++)
        part /= 2;
    for (int i = SERIES; i > 0; i--)
        chance = part / i * (1 - chance);
    while (doublings-- > 0)
        chance *= 2 - chance;
    return chance;
}
