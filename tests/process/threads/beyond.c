/*
 * beyond.c - more threads than there can be caches, all at the same time.
 *
 *     beyond own|given|short|late|unmapped THREADS
 *
 * own       each thread frees the buffers that it got
 * given     each thread frees those of its neighbour
 * short     the threads run one after the other, two at a time
 * late      so do these, and free when their caches are given up already
 * unmapped  as own, but there is no address space left for caches
 *
 * Prints how many threads were there at a time, with the main one, and how many
 * buffers were got; threads.py compares that with the report.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "check.h"

enum { HELD = 3, MOST = 8192, STACK_BYTES = 64 * 1024, BYTES = 5000 };

static pthread_barrier_t barrier;
static pthread_t thread[MOST];
static char *held[MOST][HELD];
static atomic_uint got;
static unsigned count;
static bool given, late, unmapped;
static pthread_key_t key;

static void
get_all(unsigned index)
{
    for (unsigned i = 0; i < HELD; i++) {
        char *buffer = malloc(BYTES);
        CHECK(buffer != NULL || unmapped, "malloc");
        if (buffer != NULL)
            atomic_fetch_add(&got, 1);
        held[index][i] = buffer;
    }
}

static void
put_all(unsigned index)
{
    for (unsigned i = 0; i < HELD; i++)
        free(held[index][i]);
}

/* Nobody ends before all have done each step: no cache changes hands. */
static void *
run(void *argument)
{
    unsigned index = (unsigned)(uintptr_t)argument;
    pthread_barrier_wait(&barrier);
    get_all(index);
    pthread_barrier_wait(&barrier);
    put_all(given ? (index + 1) % count : index);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void *
run_alone(void *argument)
{
    unsigned index = (unsigned)(uintptr_t)argument;
    get_all(index);
    if (late)
        pthread_setspecific(key, (void *)(uintptr_t)(index + 1));
    else
        put_all(index);
    return NULL;
}

/* A destructor of a key that is made later than the library's runs later. */
static void
put_late(void *value)
{
    put_all((unsigned)(uintptr_t)value - 1);
}

static void
start(void *(*work)(void *), unsigned index)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int error = pthread_create(&thread[index], &attributes, work,
                               (void *)(uintptr_t)index);
    if (error == EAGAIN || error == ENOMEM)
        check_skip("no more than %u threads can be had", index);
    CHECK(error == 0, "thread %u: error %d", index, error);
}

/* Leaves no address space beyond what is mapped. */
static void
take_address_space(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = 1 << 20;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
}

static void
return_address_space(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
}

static void
all_at_once(void)
{
    pthread_barrier_init(&barrier, NULL, count + 1);
    for (unsigned i = 0; i < count; i++)
        start(run, i);
    if (unmapped)
        take_address_space();
    for (unsigned step = 0; step < 3; step++)
        pthread_barrier_wait(&barrier);
    if (unmapped)
        return_address_space();
    for (unsigned i = 0; i < count; i++)
        pthread_join(thread[i], NULL);
}

static void
two_at_a_time(void)
{
    for (unsigned i = 0; i < count; i += 2) {
        for (unsigned j = i; j < i + 2; j++)
            start(run_alone, j);
        for (unsigned j = i; j < i + 2; j++)
            pthread_join(thread[j], NULL);
    }
}

int
main(int argc, char **argv)
{
    count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    CHECK(count > 0 && count <= MOST && count % 2 == 0, "THREADS");
    given = strcmp(argv[1], "given") == 0;
    late = strcmp(argv[1], "late") == 0;
    unmapped = strcmp(argv[1], "unmapped") == 0;
    free(malloc(BYTES)); /* the main thread has the first cache */
    CHECK(pthread_key_create(&key, put_late) == 0, "key");

    bool is_short = late || strcmp(argv[1], "short") == 0;

    if (is_short)
        two_at_a_time();
    else
        all_at_once();
    check_write(1, "%u %u\n", 1 + (is_short ? 2 : count), got + 1);
    return 0;
}
