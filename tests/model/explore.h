/*
 * explore.h - runs tasks in every order that makes a difference.
 *
 * Model     A task is a coroutine that stops before each access to shared
 *           memory. A run is a sequence of choices which task goes on; runs
 *           are explored depth first, each from the start (stateless model
 *           checking). Runs that differ only in the order of accesses that
 *           do not touch each other are explored once (sleep sets: Godefroid,
 *           "Partial-Order Methods", 1996).
 * Limits    Sequential consistency is assumed: weak_model.c has what weaker
 *           memory orders allow of the parts that are read without a lock.
 */
#ifndef MIDPOOL_TESTS_MODEL_EXPLORE_H
#define MIDPOOL_TESTS_MODEL_EXPLORE_H

#include <stdbool.h>

enum { EXPLORE_TASKS = 4 };

/* In a task: the next access is to address. Outside of tasks: nothing. */
void explore_point(const volatile void *address, bool write);

struct explore_scene {
    const char *name;
    unsigned tasks;
    void (*reset)(void);           /* before each run */
    void (*task)(unsigned number); /* the task's steps */
    void (*check)(void);           /* after each run */
};

/* Explores all runs and prints how many there were. */
void explore_all(const struct explore_scene *scene);

/* Something is wrong: prints the run's choices and exits with 1. */
_Noreturn void explore_fail(const char *what);

#endif
