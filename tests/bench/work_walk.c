/*
 * work_walk.c - what the placement of buffers costs the program that uses
 * them: following a chain through the first lines of many buffers, and
 * copying between two.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

/* The first words of a buffer, where programs keep a header. */
struct link {
    struct link *next;
};

static void
walk_body(void *context, uint64_t ops)
{
    struct link **at = context;
    struct link *link = *at;
    for (uint64_t i = 0; i < ops; i++) {
        link = link->next;
    }
    bench_escape(link);
    *at = link;
}

/* Chains the buffers in a random order that visits each once. */
static void
chain(struct link **buffer, size_t count)
{
    uint64_t random = 3;
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = bench_random(&random) % (i + 1);
        struct link *other = buffer[i];
        buffer[i] = buffer[j];
        buffer[j] = other;
    }
    for (size_t i = 0; i < count; i++) {
        buffer[i]->next = buffer[(i + 1) % count];
    }
}

static int
walk_run(int argc, char **argv)
{
    bench_expect(argc, 2, "walk COUNT BYTES");
    size_t count = bench_number(argv[0]);
    size_t size = bench_number(argv[1]);
    if (count == 0 || size < sizeof(struct link)) {
        bench_fail("at least one buffer of at least a pointer");
    }
    struct link **buffer = bench_malloc(count * sizeof *buffer);
    for (size_t i = 0; i < count; i++) {
        buffer[i] = bench_malloc(size);
    }
    chain(buffer, count);
    struct link *at = buffer[0];
    bench_measure(walk_body, &at);
    return 0;
}

struct copy {
    char *to;
    char *from;
    size_t size;
};

static void
copy_body(void *context, uint64_t ops)
{
    struct copy *copy = context;
    for (uint64_t i = 0; i < ops; i++) {
        memcpy(copy->to, copy->from, copy->size);
        bench_escape(copy->to);
    }
}

static int
memcpy_run(int argc, char **argv)
{
    bench_expect(argc, 1, "memcpy BYTES");
    struct copy copy = {.size = bench_number(argv[0])};
    copy.to = bench_malloc(copy.size);
    copy.from = bench_malloc(copy.size);
    memset(copy.from, 1, copy.size);
    memset(copy.to, 2, copy.size);
    bench_measure(copy_body, &copy);
    return 0;
}

const struct workload workloads_walk[] = {
    {"walk", "walk COUNT BYTES: a step along the first lines of COUNT buffers",
     walk_run},
    {"memcpy", "memcpy BYTES: copy from one buffer to another", memcpy_run},
    {NULL, NULL, NULL},
};
