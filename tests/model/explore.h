/*
 * explore.h - runs tasks in every order, on every memory that C11 allows them.
 *
 * Model     A task is a coroutine that stops before each atomic access. Memory
 *           is a machine with views (Kang et al., "A Promising Semantics for
 *           Relaxed-Memory Concurrency", 2017, without promises). A store is
 *           a message that stays for ever, at a place among those of its
 *           address that the writer's view allows. It carries a view: which
 *           message of each address its reader may no longer be behind. That
 *           is all that the writer has seen for a releasing store, and what
 *           it had seen at its last releasing fence for a relaxed one. A load
 *           takes any message that is not behind the reader's view; an
 *           acquiring one takes the message's view over. A read-modify-write
 *           follows directly on the message that it read.
 * Search    A run is a sequence of choices (which task goes on, which message
 *           it takes). Runs are explored depth first, each from the start;
 *           one that comes to a state that was seen before ends there.
 * Limits    seq_cst counts as acquire and release: what holds here holds with
 *           it too. A load never takes a value that is stored later. An old
 *           message is read again by the same task twice at most.
 */
#ifndef MIDPOOL_TESTS_MODEL_EXPLORE_H
#define MIDPOOL_TESTS_MODEL_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXPLORE_TASKS = 3 };

struct explore_scene {
    const char *name;
    unsigned tasks;
    void (*reset)(void);           /* before each run */
    void (*task)(unsigned number); /* the task's steps */
    void (*check)(void);           /* after each run */
    /* Accesses elsewhere are no steps; NULL: all are. */
    bool (*shared)(const volatile void *at);
    /* One task after the other: enough if no task reads what later ones do. */
    bool in_turn;
    /* Every run has to come to its end, for what it leaves to the next. */
    bool whole;
    /* Of a thread-local pointer, which each task has for itself; or NULL. */
    void *own;
};

/* Where an access is in the source, for the orders that are tried without. */
struct explore_site {
    const char *file;
    int line;
};

/*
 * The accesses of atomic.h, with values of at most 8 bytes and the orders of
 * __ATOMIC_RELAXED and its like. Outside of tasks they are plain.
 */
uint64_t explore_load(const volatile void *at, size_t bytes, int order,
                      struct explore_site site);
void explore_store(volatile void *at, size_t bytes, uint64_t value, int order,
                   struct explore_site site);
bool explore_compare(volatile void *at, size_t bytes, uint64_t *expected,
                     uint64_t value, int order, int order_if_not,
                     struct explore_site site);
uint64_t explore_exchange(volatile void *at, size_t bytes, uint64_t value,
                          int order, struct explore_site site);
uint64_t explore_add(volatile void *at, size_t bytes, uint64_t amount,
                     int order, struct explore_site site);
void explore_fence(int order, struct explore_site site);

/*
 * A plain access to data that tasks hand to each other: fails unless every
 * earlier one happened before.
 */
void explore_own(const void *data);

/*
 * All that the task has read so far decides nothing any more but the given
 * state: at the head of a loop, so that fewer states differ.
 */
void explore_forget(uint64_t state);

/* A futex: waits while the value is there, and wakes one that waits. */
void explore_wait(const volatile uint32_t *at, uint32_t value);
void explore_wake(const volatile uint32_t *at);

/* The number of the task that runs, or -1. */
int explore_self(void);

/* Something is wrong: prints the run's choices and exits with 1. */
_Noreturn void explore_fail(const char *what);

/*
 * Explores all runs of the scenes and prints how many there were. With
 * without_orders it does so once for each access that has an order and each
 * fence, made relaxed, and fails unless each is found to be needed; of those
 * that are not, not_needed says how many there are.
 */
int explore_scenes(const struct explore_scene *scenes, unsigned count,
                   bool without_orders, unsigned not_needed);

/*
 * main of a model all of whose orders are needed. The argument "broken" sets
 * *broken; "orders" explores without each order.
 */
int explore_main(int argc, char **argv, const struct explore_scene *scenes,
                 unsigned count, bool *broken);

#endif
