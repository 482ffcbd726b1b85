/*
 * work_tail.c - tail: how long single calls of malloc and free take in a mix
 * as a server has it, whose sizes shift.
 *
 * Model     LIVE buffers, each replaced at random. The sizes come from a range
 *           that shifts SHIFTS times, one in BACKGROUND from the whole band.
 *           The first byte of each buffer is written, outside of the call that
 *           is timed. Every call counts, those that fill the table as well;
 *           the clock's own time is part of each and is printed, and how often
 *           the thread had to give its CPU away, which makes a call long.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { SHIFTS = 8, BACKGROUND = 16, MOST_LIVE = 1000000 };

/*
 * Counts of times: exact below 2 * STEPS ns, above in STEPS steps from one
 * power of two to the next, so that a quantile is right within 3 %.
 */
enum { STEP_BITS = 5, STEPS = 1 << STEP_BITS, BUCKETS = 60 * STEPS };

struct times {
    uint64_t count[BUCKETS];
    uint64_t calls;
    uint64_t longest;
};

static struct times mallocs, frees, calls;

static unsigned
bucket_of(uint64_t ns)
{
    if (ns < 2 * STEPS) {
        return (unsigned)ns;
    }
    unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - STEP_BITS;
    return shift * STEPS + (unsigned)(ns >> shift);
}

/* The longest time that is counted in a bucket. */
static uint64_t
bucket_end(unsigned bucket)
{
    if (bucket < 2 * STEPS) {
        return bucket;
    }
    unsigned shift = bucket / STEPS - 1;
    return ((uint64_t)(bucket % STEPS + STEPS + 1) << shift) - 1;
}

static void
times_add(struct times *times, uint64_t ns)
{
    times->count[bucket_of(ns)]++;
    times->calls++;
    if (ns > times->longest) {
        times->longest = ns;
    }
}

/* The time that all calls but one in rest keep. */
static uint64_t
times_quantile(const struct times *times, uint64_t rest)
{
    uint64_t above = times->calls / rest;
    uint64_t seen = 0;
    for (unsigned i = BUCKETS; i-- > 0;) {
        seen += times->count[i];
        if (seen > above) {
            uint64_t end = bucket_end(i);
            return end < times->longest ? end : times->longest;
        }
    }
    return 0;
}

static void
times_print(const char *name, const struct times *times)
{
    static const struct {
        const char *name;
        uint64_t rest;
    } quantile[] = {
        {"p50", 2}, {"p99", 100}, {"p99.9", 1000}, {"p99.99", 10000}};
    char metric[32];
    for (unsigned i = 0; i < sizeof quantile / sizeof *quantile; i++) {
        snprintf(metric, sizeof metric, "%s_%s", name, quantile[i].name);
        bench_print(metric, (double)times_quantile(times, quantile[i].rest));
    }
    snprintf(metric, sizeof metric, "%s_longest", name);
    bench_print(metric, (double)times->longest);
}

static void
timed(struct times *times, uint64_t start)
{
    uint64_t took = bench_wall_ns() - start;
    times_add(times, took);
    times_add(&calls, took);
}

/* The clock's own time: the median of measuring nothing. */
static double
clock_ns(void)
{
    static struct times none;
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t start = bench_wall_ns();
        times_add(&none, bench_wall_ns() - start);
    }
    return (double)times_quantile(&none, 2);
}

static size_t
draw_size(uint64_t *random, unsigned shift)
{
    static const uint32_t low[SHIFTS] = {2048,  4096,  8192, 16384,
                                         24576, 12288, 3072, 6144};
    uint64_t bits = bench_random(random);
    if (bits % BACKGROUND == 0) {
        return 2 * KB + bench_below((uint32_t)(bits >> 32), 62 * KB + 1);
    }
    return low[shift] + bench_below((uint32_t)(bits >> 32), low[shift]);
}

static void *
timed_malloc(size_t size)
{
    uint64_t start = bench_wall_ns();
    char *ptr = malloc(size);
    timed(&mallocs, start);
    if (ptr == NULL) {
        bench_fail("out of memory");
    }
    *(volatile char *)ptr = 1;
    return ptr;
}

static void
replace_all(void **slot, uint32_t live, uint64_t replacements)
{
    uint64_t random = 7;
    for (uint32_t i = 0; i < live; i++) {
        slot[i] = timed_malloc(draw_size(&random, 0));
    }
    for (uint64_t i = 0; i < replacements; i++) {
        uint64_t bits = bench_random(&random);
        void **at = &slot[bench_below((uint32_t)(bits >> 32), live)];
        uint64_t start = bench_wall_ns();
        free(*at);
        timed(&frees, start);
        *at = timed_malloc(
            draw_size(&random, (unsigned)(i * SHIFTS / replacements)));
    }
}

static int
tail_run(int argc, char **argv)
{
    bench_expect(argc, 2, "tail LIVE REPLACEMENTS");
    size_t live = bench_number(argv[0]);
    size_t replacements = bench_number(argv[1]);
    if (live == 0 || live > MOST_LIVE || replacements == 0) {
        bench_fail("1 to 1000000 live, at least 1 replacement");
    }
    double clock = clock_ns();
    void **slot = bench_malloc(live * sizeof *slot);
    uint64_t start = bench_cpu_ns();
    replace_all(slot, (uint32_t)live, replacements);
    bench_print("cpu_ms", (double)(bench_cpu_ns() - start) / 1e6);
    times_print("call", &calls);
    times_print("malloc", &mallocs);
    times_print("free", &frees);
    bench_print("calls", (double)calls.calls);
    bench_print("clock_ns", clock);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    bench_print("preempted", (double)usage.ru_nivcsw);
    return 0;
}

const struct workload workloads_tail[] = {
    {"tail",
     "tail LIVE REPLACEMENTS: quantiles of single calls, sizes that shift",
     tail_run},
    {NULL, NULL, NULL},
};
