/*
 * work_grow.c - buffers that grow, and memory that was never used before.
 *
 * grow   realloc from LOW to HIGH, by a step or by doubling; an operation is
 *        one realloc. The last byte is written each time.
 * fresh  BYTES x COUNT got for the first time in the process and written
 *        page by page; an operation is one buffer. Once, in a new process.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

struct grow {
    size_t low;
    size_t high;
    size_t step; /* 0: double */
};

static void
grow_body(void *context, uint64_t ops)
{
    struct grow *grow = context;
    uint64_t done = 0;
    while (done < ops) {
        char *ptr = NULL;
        size_t size = grow->low;
        while (size <= grow->high) {
            ptr = realloc(ptr, size);
            ptr[size - 1] = 1;
            size = grow->step == 0 ? size * 2 : size + grow->step;
            done++;
        }
        free(ptr);
    }
}

static int
grow_run(int argc, char **argv)
{
    bench_expect(argc, 3, "grow LOW HIGH STEP");
    struct grow grow = {bench_number(argv[0]), bench_number(argv[1]),
                        bench_number(argv[2])};
    if (grow.low == 0 || grow.low > grow.high) {
        bench_fail("0 < LOW <= HIGH");
    }
    bench_measure(grow_body, &grow);
    return 0;
}

enum { PAGE_BYTES = 4096 };

static void
fresh(size_t count, size_t size, bool clear)
{
    char **buffer = bench_malloc(count * sizeof *buffer);
    memset(buffer, 0, count * sizeof *buffer);
    struct bench_memory before = bench_memory_now();
    uint64_t start = bench_cpu_ns();
    for (size_t i = 0; i < count; i++) {
        char *ptr = clear ? calloc(1, size) : malloc(size);
        for (size_t at = 0; at < size; at += PAGE_BYTES) {
            ptr[at] = 1;
        }
        buffer[i] = ptr;
    }
    uint64_t took = bench_cpu_ns() - start;
    struct bench_memory after = bench_memory_now();
    bench_print("ns_per_op", (double)took / (double)count);
    bench_print("faults_per_kop",
                (double)(after.faults - before.faults) * 1000 / (double)count);
    for (size_t i = 0; i < count; i++) {
        free(buffer[i]);
    }
}

static int
fresh_malloc_run(int argc, char **argv)
{
    bench_expect(argc, 2, "fresh-malloc COUNT BYTES");
    fresh(bench_number(argv[0]), bench_number(argv[1]), false);
    return 0;
}

static int
fresh_calloc_run(int argc, char **argv)
{
    bench_expect(argc, 2, "fresh-calloc COUNT BYTES");
    fresh(bench_number(argv[0]), bench_number(argv[1]), true);
    return 0;
}

const struct workload workloads_grow[] = {
    {"grow", "grow LOW HIGH STEP: realloc upwards; STEP 0 doubles", grow_run},
    {"fresh-malloc", "fresh-malloc COUNT BYTES: first use, every page written",
     fresh_malloc_run},
    {"fresh-calloc", "fresh-calloc COUNT BYTES: the same through calloc",
     fresh_calloc_run},
    {NULL, NULL, NULL},
};
