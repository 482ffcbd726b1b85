/*
 * churn.h - threads that allocate and free without pause.
 *
 * Each thread keeps a few dozen blocks of all kinds of sizes, replaces them
 * at random and verifies each before it is freed. Some are left for the next
 * thread to free, so that buffers cross threads all the time.
 */
#ifndef TESTS_PRELOAD_CHURN_H
#define TESTS_PRELOAD_CHURN_H

#include <stddef.h>

struct churn_block {
    unsigned char *ptr;
    size_t size;
    unsigned seed;
};

/* A size of the band three times out of four, else up to 200,000. */
size_t churn_size(unsigned long draw);

/* A new block, first and last bytes filled; churn_drop verifies and frees. */
struct churn_block churn_take(size_t size, unsigned seed);
void churn_drop(struct churn_block *block);

/* Starts count threads that churn until churn_stop, which joins them. */
void churn_start(unsigned count);
void churn_stop(void);

/* Allocates and frees one block of every size in calls.h, with checks. */
void churn_all_sizes(unsigned seed);

#endif
