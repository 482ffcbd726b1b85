/*
 * work_pair.c - a buffer got and given back at once, and in batches.
 */
#include "bench.h"

#include <stdlib.h>

enum { MOST_BATCH = 1024, PAGE_BYTES = 4096 };

struct pair {
    size_t size;
    size_t batch;
};

static void
pair_body(void *context, uint64_t ops)
{
    size_t size = ((struct pair *)context)->size;
    for (uint64_t i = 0; i < ops; i++) {
        void *ptr = malloc(size);
        bench_escape(ptr);
        free(ptr);
    }
}

static void
touch_body(void *context, uint64_t ops)
{
    size_t size = ((struct pair *)context)->size;
    for (uint64_t i = 0; i < ops; i++) {
        volatile char *ptr = malloc(size);
        ptr[0] = 1;
        ptr[size - 1] = 1;
        free((void *)ptr);
    }
}

/* Freed in the order they were got in. */
static void
batch_body(void *context, uint64_t ops)
{
    struct pair *pair = context;
    void *held[MOST_BATCH];
    for (uint64_t done = 0; done < ops; done += pair->batch) {
        for (size_t i = 0; i < pair->batch; i++) {
            held[i] = malloc(pair->size);
            bench_escape(held[i]);
        }
        for (size_t i = 0; i < pair->batch; i++) {
            free(held[i]);
        }
    }
}

/*
 * A cleared buffer is used. jemalloc clears 64 KB by giving the pages back,
 * which costs nothing until they are faulted in again.
 */
static void
calloc_body(void *context, uint64_t ops)
{
    size_t size = ((struct pair *)context)->size;
    for (uint64_t i = 0; i < ops; i++) {
        char *ptr = calloc(1, size);
        for (size_t at = 0; at < size; at += PAGE_BYTES) {
            ptr[at] = 1;
        }
        bench_escape(ptr);
        free(ptr);
    }
}

static int
pair_run(int argc, char **argv)
{
    bench_expect(argc, 1, "pair BYTES");
    struct pair pair = {bench_number(argv[0]), 0};
    bench_measure(pair_body, &pair);
    return 0;
}

static int
touch_run(int argc, char **argv)
{
    bench_expect(argc, 1, "touch BYTES");
    struct pair pair = {bench_number(argv[0]), 0};
    bench_measure(touch_body, &pair);
    return 0;
}

static int
batch_run(int argc, char **argv)
{
    bench_expect(argc, 2, "batch COUNT BYTES");
    struct pair pair = {bench_number(argv[1]), bench_number(argv[0])};
    if (pair.batch == 0 || pair.batch > MOST_BATCH) {
        bench_fail("batches of 1 to 1024");
    }
    bench_measure(batch_body, &pair);
    return 0;
}

static int
calloc_run(int argc, char **argv)
{
    bench_expect(argc, 1, "calloc BYTES");
    struct pair pair = {bench_number(argv[0]), 0};
    bench_measure(calloc_body, &pair);
    return 0;
}

static int
count_run(int argc, char **argv)
{
    bench_expect(argc, 2, "count OPERATIONS BYTES");
    struct pair pair = {bench_number(argv[1]), 0};
    pair_body(&pair, bench_number(argv[0]));
    return 0;
}

static uint64_t
pairs_thread(void *context, unsigned index, const volatile bool *stop)
{
    uint64_t ops = 0;
    (void)index;
    while (!*stop) {
        pair_body(context, 256);
        ops += 256;
    }
    return ops;
}

static int
pairs_run(int argc, char **argv)
{
    bench_expect(argc, 2, "pairs THREADS BYTES");
    struct pair pair = {bench_number(argv[1]), 0};
    bench_threads((unsigned)bench_number(argv[0]), NULL, pairs_thread, &pair);
    return 0;
}

const struct workload workloads_pair[] = {
    {"pair", "pair BYTES: malloc and free", pair_run},
    {"touch", "touch BYTES: pair, first and last byte written", touch_run},
    {"count", "count OPERATIONS BYTES: so many pairs, not timed", count_run},
    {"batch", "batch COUNT BYTES: COUNT mallocs, COUNT frees", batch_run},
    {"calloc", "calloc BYTES: recycled, a byte of each page written",
     calloc_run},
    {"pairs", "pairs THREADS BYTES: pair in each of THREADS", pairs_run},
    {NULL, NULL, NULL},
};
