/*
 * misuse_race.c - two threads free the same buffers, at the same moments.
 *
 *     misuse_race COUNT
 *
 * Prints "survived" when none of COUNT buffers was handed out twice. Both
 * threads wait before each free for as long as lets the frees meet most often.
 * KEPT other buffers are live at the end.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

enum {
    BYTES = 4096,
    ROUNDS = 64,
    IDLE = 64,        /* so many other buffers lie in magazines */
    CHECK_EVERY = 64, /* collisions */
    SPINS = 10000,    /* before a thread lets others run */
    KEPT = 3,
};

static unsigned long count;
static _Atomic(void *) shared;
static _Atomic unsigned long shown, freed;

static void
pause_for(unsigned long steps)
{
    for (volatile unsigned long i = 0; i < steps; i++)
        ;
}

static void
await(const _Atomic unsigned long *value, unsigned long least)
{
    for (unsigned spins = 0; atomic_load(value) < least; spins++) {
        if (spins == SPINS) {
            sched_yield();
            spins = 0;
        }
    }
}

static void *
free_too(void *unused)
{
    for (unsigned long i = 1; i <= count; i++) {
        await(&shown, i);
        pause_for(i % 40);
        free(atomic_load(&shared));
        atomic_store(&freed, i);
    }
    return unused;
}

static void
take_different(void)
{
    static void *ptr[IDLE];

    for (unsigned i = 0; i < IDLE; i++) {
        ptr[i] = malloc(BYTES);
        for (unsigned j = 0; j < i; j++)
            CHECK(ptr[i] != ptr[j], "%p handed out twice", ptr[i]);
    }
    for (unsigned i = 0; i < IDLE; i++)
        free(ptr[i]);
}

int
main(int argc, char **argv)
{
    pthread_t thread;

    count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    for (unsigned i = 0; i < ROUNDS; i++)
        take_different();
    CHECK(pthread_create(&thread, NULL, free_too, NULL) == 0, "thread");
    for (unsigned long i = 1; i <= count; i++) {
        void *ptr = malloc(BYTES);

        atomic_store(&shared, ptr);
        atomic_store(&shown, i);
        pause_for(20);
        free(ptr);
        await(&freed, i);
        if (i % CHECK_EVERY == 0)
            take_different();
    }
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < KEPT; i++)
        CHECK(malloc(BYTES) != NULL, "malloc");
    setvbuf(stdout, NULL, _IONBF, 0); /* or it would be one of the band */
    puts("survived");
    return 0;
}
