/*
 * work_larson.c - a server's pattern, after Larson and Krishnan: threads
 * replace buffers at random for a while, then hand all of them to a thread
 * that takes their place, and end.
 */
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { MOST_THREADS = 64, LIVE = 500, LIFE_OPS = 20000 };

static struct bench_sizes sizes;

struct chain {
    void *slot[LIVE];
    uint64_t random;
};

static struct chain chains[MOST_THREADS];

static void *
life(void *argument)
{
    struct chain *chain = argument;
    for (unsigned i = 0; i < LIFE_OPS; i++) {
        uint64_t bits = bench_random(&chain->random);
        void **at = &chain->slot[bench_below((uint32_t)(bits >> 32), LIVE)];
        free(*at);
        *at = malloc(sizes.size[bits % BENCH_SIZES]);
        *(volatile char *)*at = 1;
    }
    return NULL;
}

/* A thread's place: one successor after the other lives in it. */
static uint64_t
place(void *context, unsigned index, const volatile bool *stop)
{
    uint64_t ops = 0;
    (void)context;
    while (!*stop) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, life, &chains[index]) != 0) {
            bench_fail("can not start a thread");
        }
        pthread_join(thread, NULL);
        ops += LIFE_OPS;
    }
    return ops;
}

static int
larson_run(int argc, char **argv)
{
    bench_expect(argc, 3, "larson THREADS LOW HIGH");
    size_t threads = bench_number(argv[0]);
    if (threads == 0 || threads > MOST_THREADS) {
        bench_fail("1 to 64 threads");
    }
    bench_sizes_fill(&sizes, bench_number(argv[1]), bench_number(argv[2]),
                     false);
    for (size_t i = 0; i < threads; i++) {
        chains[i].random = i;
    }
    bench_threads((unsigned)threads, NULL, place, NULL);
    return 0;
}

const struct workload workloads_larson[] = {
    {"larson", "larson THREADS LOW HIGH: replacing threads that are replaced",
     larson_run},
    {NULL, NULL, NULL},
};
