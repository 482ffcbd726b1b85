/*
 * work_load.c - load: threads that replace buffers of the whole band until
 * the time is over; and the first gets of a process, for warm-up.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

enum { LIVE = 64, MOST_THREADS = 1024 };

static struct bench_sizes sizes;
static void *slot[MOST_THREADS][LIVE];
static uint64_t total[MOST_THREADS][8]; /* one line each */

static uint64_t
load_thread(void *context, unsigned index, const volatile bool *stop)
{
    uint64_t random = index;
    uint64_t ops = 0;
    (void)context;
    while (!*stop) {
        for (unsigned i = 0; i < 64; i++) {
            uint64_t bits = bench_random(&random);
            void **at = &slot[index][bench_below((uint32_t)(bits >> 32), LIVE)];
            free(*at);
            *at = malloc(sizes.size[bits % BENCH_SIZES]);
        }
        ops += 64;
    }
    total[index][0] += ops;
    return ops;
}

static int
load_run(int argc, char **argv)
{
    bench_expect(argc, 3, "load THREADS LOW HIGH");
    size_t threads = bench_number(argv[0]);
    if (threads == 0 || threads > MOST_THREADS) {
        bench_fail("1 to 1024 threads");
    }
    bench_sizes_fill(&sizes, bench_number(argv[1]), bench_number(argv[2]),
                     false);
    uint64_t start = bench_wall_ns();
    bench_threads((unsigned)threads, NULL, load_thread, NULL);
    uint64_t took = bench_wall_ns() - start;
    uint64_t ops = 0;
    for (size_t i = 0; i < threads; i++) {
        ops += total[i][0];
    }
    bench_print("operations", (double)ops);
    bench_print("seconds", (double)took / 1e9);
    return 0;
}

static int
first_run(int argc, char **argv)
{
    static char *ptr[65536];
    bench_expect(argc, 2, "first COUNT BYTES");
    size_t count = bench_number(argv[0]);
    size_t size = bench_number(argv[1]);
    if (count > sizeof ptr / sizeof *ptr) {
        bench_fail("at most 65536 buffers");
    }
    memset(ptr, 1, count * sizeof *ptr);
    struct bench_memory before = bench_memory_now();
    uint64_t start = bench_cpu_ns();
    for (size_t i = 0; i < count; i++) {
        ptr[i] = malloc(size);
        for (size_t at = 0; at < size; at += 4096) {
            *(volatile char *)(ptr[i] + at) = 1;
        }
    }
    uint64_t took = bench_cpu_ns() - start;
    struct bench_memory after = bench_memory_now();
    bench_print("ns_per_op", (double)took / (double)count);
    bench_print("faults_per_kop",
                (double)(after.faults - before.faults) * 1000 / (double)count);
    return 0;
}

const struct workload workloads_load[] = {
    {"load", "load THREADS LOW HIGH: threads replace among 64 until stopped",
     load_run},
    {"first",
     "first COUNT BYTES: the first gets of a process, all pages "
     "written",
     first_run},
    {NULL, NULL, NULL},
};
