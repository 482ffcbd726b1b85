/*
 * work_founding.c - the comparison of the founding report: allocating directly
 * against taking a buffer from a pool and giving it back.
 *
 * map      mmap, every page written, munmap
 * callocs  calloc and free in each of THREADS (calloc alone: work_pair.c)
 * mixed    malloc and free of one random size after the other
 */
#include "bench.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { PAGE_BYTES = 4096 };

static void
map_body(void *context, uint64_t ops)
{
    size_t size = *(size_t *)context;
    for (uint64_t i = 0; i < ops; i++) {
        char *ptr = mmap(NULL, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (ptr == MAP_FAILED) {
            bench_fail("mmap failed");
        }
        for (size_t at = 0; at < size; at += PAGE_BYTES) {
            *(volatile char *)(ptr + at) = 1;
        }
        munmap(ptr, size);
    }
}

static int
map_run(int argc, char **argv)
{
    bench_expect(argc, 1, "map BYTES");
    size_t size = bench_number(argv[0]);
    bench_measure(map_body, &size);
    return 0;
}

static uint64_t
callocs_thread(void *context, unsigned index, const volatile bool *stop)
{
    size_t size = *(size_t *)context;
    uint64_t ops = 0;
    (void)index;
    for (; !*stop; ops++) {
        void *ptr = calloc(1, size);
        bench_escape(ptr);
        free(ptr);
    }
    return ops;
}

static int
callocs_run(int argc, char **argv)
{
    bench_expect(argc, 2, "callocs THREADS BYTES");
    size_t size = bench_number(argv[1]);
    bench_threads((unsigned)bench_number(argv[0]), NULL, callocs_thread, &size);
    return 0;
}

static void
mixed_body(void *context, uint64_t ops)
{
    const struct bench_sizes *sizes = context;
    for (uint64_t i = 0; i < ops; i++) {
        void *ptr = malloc(sizes->size[i % BENCH_SIZES]);
        bench_escape(ptr);
        free(ptr);
    }
}

static void
mixed_calloc_body(void *context, uint64_t ops)
{
    const struct bench_sizes *sizes = context;
    for (uint64_t i = 0; i < ops; i++) {
        void *ptr = calloc(1, sizes->size[i % BENCH_SIZES]);
        bench_escape(ptr);
        free(ptr);
    }
}

static int
mixed(int argc, char **argv, bench_body *body)
{
    static struct bench_sizes sizes;
    bench_expect(argc, 2, "mixed LOW HIGH, or mixed-calloc LOW HIGH");
    bench_sizes_fill(&sizes, bench_number(argv[0]), bench_number(argv[1]),
                     false);
    bench_measure(body, &sizes);
    return 0;
}

static int
mixed_run(int argc, char **argv)
{
    return mixed(argc, argv, mixed_body);
}

static int
mixed_calloc_run(int argc, char **argv)
{
    return mixed(argc, argv, mixed_calloc_body);
}

const struct workload workloads_founding[] = {
    {"map", "map BYTES: mmap, every page written, munmap", map_run},
    {"callocs", "callocs THREADS BYTES: calloc and free in each of THREADS",
     callocs_run},
    {"mixed", "mixed LOW HIGH: pairs of random sizes", mixed_run},
    {"mixed-calloc", "mixed-calloc LOW HIGH: the same through calloc",
     mixed_calloc_run},
    {NULL, NULL, NULL},
};
