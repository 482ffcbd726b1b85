/*
 * chance.h - the arithmetic of sampling by bytes.
 *
 * Model     Points lie on the line of all requested bytes, as those of a
 *           Poisson process: one in rate bytes on average, each independent
 *           of the others. A request is sampled if at least one point falls
 *           into its bytes, that is with a chance of 1 - exp(-bytes / rate),
 *           and then stands for 1 / chance requests. Estimates that add these
 *           weights up are unbiased whatever the sizes are.
 * Safety    Pure functions without libm: usable in signal handlers.
 */
#ifndef MIDPOOL_STATS_CHANCE_H
#define MIDPOOL_STATS_CHANCE_H

#include <stdint.h>

/*
 * Bytes without a point until the next one: a request samples itself if it
 * has more bytes than that. Requires rate > 0. *random is the state of the
 * caller's generator: any value but 0; it is advanced.
 */
uint64_t chance_distance(uint64_t *random, uint64_t rate);

/* 1 - exp(-bytes / rate). Requires bytes > 0 and rate > 0. */
double chance_of(uint64_t bytes, uint64_t rate);

#endif
