/*
 * work_replace.c - random replacement among live buffers, one thread or many.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

/* WARM: replacements of each live buffer before anything is measured. */
enum { MOST_LIVE = 1000000, MOST_THREADS = 1024, WARM = 10 };

struct replace {
    struct bench_sizes sizes;
    uint32_t live;
    bool touch;
    /* A thread's: lines of its own, lest the bench measures their sharing. */
    struct {
        _Alignas(128) void **slot; /* live pointers */
        uint64_t random;
    } thread[MOST_THREADS];
};

static struct replace replace;

static void
prepare(unsigned index)
{
    void **slot = bench_malloc(replace.live * sizeof *slot);
    uint64_t random = 7 + index;
    for (uint32_t i = 0; i < replace.live; i++) {
        uint64_t bits = bench_random(&random);
        slot[i] = bench_malloc(replace.sizes.size[bits % BENCH_SIZES]);
        *(volatile char *)slot[i] = 1;
    }
    replace.thread[index].slot = slot;
    replace.thread[index].random = random;
}

static void
run_plain(unsigned index, uint64_t ops)
{
    void **slot = replace.thread[index].slot;
    uint64_t random = replace.thread[index].random;
    for (uint64_t i = 0; i < ops; i++) {
        uint64_t bits = bench_random(&random);
        void **at = &slot[bench_below((uint32_t)(bits >> 32), replace.live)];
        free(*at);
        *at = malloc(replace.sizes.size[bits % BENCH_SIZES]);
    }
    replace.thread[index].random = random;
}

/* The same, with the first and last line of each new buffer written. */
static void
run_touch(unsigned index, uint64_t ops)
{
    void **slot = replace.thread[index].slot;
    uint64_t random = replace.thread[index].random;
    for (uint64_t i = 0; i < ops; i++) {
        uint64_t bits = bench_random(&random);
        void **at = &slot[bench_below((uint32_t)(bits >> 32), replace.live)];
        size_t size = replace.sizes.size[bits % BENCH_SIZES];
        free(*at);
        volatile char *ptr = malloc(size);
        ptr[0] = 1;
        ptr[size - 1] = 1;
        *at = (void *)ptr;
    }
    replace.thread[index].random = random;
}

static void
replace_body(void *context, uint64_t ops)
{
    (void)context;
    if (replace.touch) {
        run_touch(0, ops);
    } else {
        run_plain(0, ops);
    }
}

static uint64_t
prepare_thread(void *context, unsigned index, const volatile bool *stop)
{
    (void)context;
    (void)stop;
    prepare(index);
    run_plain(index, (uint64_t)replace.live * WARM);
    return 0;
}

static uint64_t
replace_thread(void *context, unsigned index, const volatile bool *stop)
{
    uint64_t ops = 0;
    (void)context;
    while (!*stop) {
        run_plain(index, 64);
        ops += 64;
    }
    return ops;
}

/* LIVE LOW HIGH uniform|log */
static void
parse(char **argv)
{
    size_t live = bench_number(argv[0]);
    size_t low = bench_number(argv[1]);
    size_t high = bench_number(argv[2]);
    bool logarithmic = strcmp(argv[3], "log") == 0;
    if (!logarithmic && strcmp(argv[3], "uniform") != 0) {
        bench_fail("the distribution is uniform or log");
    }
    if (live == 0 || live > MOST_LIVE || low == 0 || low > high) {
        bench_fail("1 to 1000000 live, LOW <= HIGH");
    }
    replace.live = (uint32_t)live;
    bench_sizes_fill(&replace.sizes, low, high, logarithmic);
}

static int
replace_run(int argc, char **argv)
{
    bench_expect(argc, 4, "replace LIVE LOW HIGH uniform|log");
    parse(argv);
    prepare(0);
    replace_body(NULL, (uint64_t)replace.live * WARM);
    bench_measure(replace_body, NULL);
    return 0;
}

static int
touching_run(int argc, char **argv)
{
    replace.touch = true;
    return replace_run(argc, argv);
}

static int
threads_run(int argc, char **argv)
{
    bench_expect(argc, 5, "replaces THREADS LIVE LOW HIGH uniform|log");
    parse(argv + 1);
    bench_threads((unsigned)bench_number(argv[0]), prepare_thread,
                  replace_thread, NULL);
    return 0;
}

const struct workload workloads_replace[] = {
    {"replace",
     "replace LIVE LOW HIGH uniform|log: free and malloc a random one of LIVE",
     replace_run},
    {"replace-touch", "as replace, first and last byte written", touching_run},
    {"replaces", "replaces THREADS LIVE LOW HIGH uniform|log: in THREADS",
     threads_run},
    {NULL, NULL, NULL},
};
