/* test_stats_chance.c - the arithmetic of sampling against libm's. */
#include <criterion/criterion.h>
#include <math.h>

#include "chance.h"

Test(chance, it_is_what_the_mathematical_library_says)
{
    for (uint64_t rate = 1; rate < UINT64_C(1) << 50; rate *= 3) {
        for (uint64_t bytes = 1; bytes < UINT64_C(1) << 40; bytes *= 7) {
            double truth = -expm1(-(double)bytes / (double)rate);

            cr_assert(fabs(chance_of(bytes, rate) / truth - 1) < 1e-12,
                      "%lu of %lu", bytes, rate);
        }
    }
}

Test(chance, distances_are_as_an_exponential_distribution_has_them)
{
    enum { DRAWS = 400000, RATE = 100000 };
    uint64_t random = 1;
    double sum = 0;
    unsigned below[4] = {0};

    for (unsigned i = 0; i < DRAWS; i++) {
        uint64_t distance = chance_distance(&random, RATE);

        sum += (double)distance;
        for (unsigned k = 0; k < 4; k++)
            below[k] += distance < RATE / 4 * (1u << k);
    }
    cr_assert_float_eq(sum / DRAWS / RATE, 1, 0.01);
    for (unsigned k = 0; k < 4; k++)
        cr_assert_float_eq((double)below[k] / DRAWS, -expm1(-0.25 * (1u << k)),
                           0.005);
}
