/*
 * weak.h - the memory of explore.h, and what its two parts have of each other.
 */
#ifndef MIDPOOL_TESTS_MODEL_WEAK_H
#define MIDPOOL_TESTS_MODEL_WEAK_H

#include "explore.h"

/* Forgets all messages: what is in memory now is what every task has seen. */
void weak_reset(void);

/* Of all messages, and of all that so many tasks have seen and learnt. */
uint64_t weak_hash(unsigned tasks);
uint64_t weak_mix(uint64_t hash, uint64_t value);

/* The running task read the value; its further steps may depend on it. */
void weak_learn(uint64_t value);

/* Accesses and fences with an order, as far as they were met. */
unsigned weak_orders(void);
struct explore_site weak_order(unsigned number);

/* From now on that one is relaxed. */
void weak_leave_out(unsigned number);

/* Of explore.c: one of so many; every sequence of answers is tried. */
unsigned explore_choose(unsigned many);

/* The search itself cannot go on: exits with 2. */
_Noreturn void explore_stop(const char *why);

/* Others may come in between here. False: the access is no step. */
bool explore_step(const volatile void *at);

#endif
