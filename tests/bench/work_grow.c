/*
 * work_grow.c - buffers that grow, and memory that was never used before.
 *
 * grow   COUNT buffers grow in turn by realloc from LOW to HIGH, by a step or
 *        by doubling; an operation is one realloc. The last byte is written
 *        each time. A single one is the best case of an allocator that can
 *        extend the last buffer of its heap; several are what programs do.
 * fresh  BYTES x COUNT got for the first time in the process and written
 *        page by page; an operation is one buffer. Once, in a new process.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BUFFERS = 64 };

struct grow {
    size_t count; /* buffers that grow in turn */
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
        char *ptr[MOST_BUFFERS] = {NULL};
        size_t size = grow->low;
        while (size <= grow->high) {
            for (size_t i = 0; i < grow->count; i++) {
                ptr[i] = realloc(ptr[i], size);
                ptr[i][size - 1] = 1;
            }
            size = grow->step == 0 ? size * 2 : size + grow->step;
            done += grow->count;
        }
        for (size_t i = 0; i < grow->count; i++) {
            free(ptr[i]);
        }
    }
}

static int
grow_run(int argc, char **argv)
{
    bench_expect(argc, 4, "grow COUNT LOW HIGH STEP");
    struct grow grow = {bench_number(argv[0]), bench_number(argv[1]),
                        bench_number(argv[2]), bench_number(argv[3])};
    if (grow.low == 0 || grow.low > grow.high) {
        bench_fail("0 < LOW <= HIGH");
    }
    if (grow.count == 0 || grow.count > MOST_BUFFERS) {
        bench_fail("1 to 64 buffers");
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
    {"grow",
     "grow COUNT LOW HIGH STEP: COUNT buffers grow in turn; STEP 0 doubles",
     grow_run},
    {"fresh-malloc", "fresh-malloc COUNT BYTES: first use, every page written",
     fresh_malloc_run},
    {"fresh-calloc", "fresh-calloc COUNT BYTES: the same through calloc",
     fresh_calloc_run},
    {NULL, NULL, NULL},
};
