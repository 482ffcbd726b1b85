/*
 * load.h - a mixed load on the pool with verified contents.
 *
 * Model     A table of places, each empty or holding a buffer whose size and
 *           pattern are known. Steps are drawn from a seed. Whatever the
 *           pool can not serve is NULL and changes nothing.
 */
#ifndef MIDPOOL_TESTS_LOAD_H
#define MIDPOOL_TESTS_LOAD_H

#include <stddef.h>
#include <stdint.h>

enum { LOAD_PLACES = 256 };

struct load {
    uint64_t random;  /* not 0 */
    uint64_t refused; /* gets that came to NULL */
    unsigned steps;   /* done */
    struct {
        void *ptr;
        size_t bytes;
        uint64_t seed;
    } place[LOAD_PLACES];
};

void load_init(struct load *load, uint64_t seed);

/* One get, put, resize, calloc or aligned get. Exits when contents changed. */
void load_step(struct load *load);

/* The same, and now and then a purge, a warm-up, other options, a tick. */
void load_step_rare(struct load *load);

/* Checks and puts all that is held. */
void load_drop(struct load *load);

/* Reports the fault on stderr and exits with 1. */
_Noreturn void load_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
