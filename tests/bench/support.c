/*
 * support.c - clocks, sizes, memory figures and the measuring loop.
 */
#include "bench.h"

#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct bench_options bench_options = {
    .ms = 20, .reps = 5, .wait = 0, .cpu = -1};

static uint64_t
clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t
bench_cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t
bench_wall_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

_Noreturn void
bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(2);
}

size_t
bench_number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || *text == '-') {
        fprintf(stderr, "bench: not a number: %s\n", text);
        exit(2);
    }
    return value;
}

void
bench_expect(int argc, int expected, const char *usage)
{
    if (argc != expected) {
        fprintf(stderr, "bench: usage: %s\n", usage);
        exit(2);
    }
}

void *
bench_malloc(size_t size)
{
    void *ptr = malloc(size);
    if (ptr == NULL) {
        bench_fail("out of memory");
    }
    return ptr;
}

void
bench_sizes_fill(struct bench_sizes *sizes, size_t low, size_t high,
                 bool logarithmic)
{
    uint64_t random = 42;
    double span = log((double)high / (double)low);
    for (unsigned i = 0; i < BENCH_SIZES; i++) {
        uint32_t bits = (uint32_t)(bench_random(&random) >> 32);
        size_t size = low + bench_below(bits, (uint32_t)(high - low + 1));
        if (logarithmic) {
            double part = (double)bits / 4294967296.0;
            size = (size_t)((double)low * exp(span * part));
        }
        sizes->size[i] = (uint32_t)size;
    }
}

double
bench_median(double *values, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        double value = values[i];
        unsigned j = i;
        for (; j > 0 && values[j - 1] > value; j--) {
            values[j] = values[j - 1];
        }
        values[j] = value;
    }
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static size_t
status_field(const char *status, const char *name)
{
    const char *at = strstr(status, name);
    return at == NULL ? 0 : strtoul(at + strlen(name), NULL, 10);
}

/* Reads a file of /proc into text, which holds size bytes. */
static void
read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, text, size - 1);
    if (fd >= 0) {
        close(fd);
    }
    text[length < 0 ? 0 : length] = '\0';
}

struct bench_memory
bench_memory_now(void)
{
    struct bench_memory memory = {0};
    struct rusage usage;
    char text[4096];
    getrusage(RUSAGE_SELF, &usage);
    memory.faults = (size_t)usage.ru_minflt;
    read_text("/proc/self/status", text, sizeof text);
    memory.rss_kb = status_field(text, "VmRSS:");
    memory.peak_rss_kb = status_field(text, "VmHWM:");
    /* status may be some pages late on each CPU; this one is exact. */
    read_text("/proc/self/smaps_rollup", text, sizeof text);
    size_t exact = status_field(text, "\nRss:");
    memory.rss_kb = exact > 0 ? exact : memory.rss_kb;
    return memory;
}

unsigned
bench_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return 1;
    }
    return (unsigned)CPU_COUNT(&set);
}

void
bench_print(const char *metric, double value)
{
    printf("%s %.4f\n", metric, value);
}

/* Finds how many operations take ms, warming the allocator up meanwhile. */
static uint64_t
calibrate(bench_body *body, void *context, uint64_t ms)
{
    uint64_t target = ms * 1000000;
    uint64_t ops = 64;
    for (;;) {
        uint64_t start = bench_cpu_ns();
        body(context, ops);
        uint64_t took = bench_cpu_ns() - start;
        if (took >= target) {
            return ops;
        }
        double factor = took == 0 ? 16 : (double)target / (double)took * 1.1;
        ops = (uint64_t)((double)ops * (factor > 16 ? 16 : factor)) + 1;
    }
}

void
bench_measure(bench_body *body, void *context)
{
    enum { MOST = 64 };
    double ns[MOST] = {0};
    unsigned reps = bench_options.reps < MOST ? bench_options.reps : MOST;
    uint64_t ops = calibrate(body, context, bench_options.ms);
    struct bench_memory before = bench_memory_now();
    for (unsigned i = 0; i < reps; i++) {
        uint64_t start = bench_cpu_ns();
        body(context, ops);
        ns[i] = (double)(bench_cpu_ns() - start) / (double)ops;
    }
    struct bench_memory after = bench_memory_now();
    bench_print("ns_per_op", bench_median(ns, reps));
    bench_print("faults_per_kop", (double)(after.faults - before.faults) *
                                      1000 / ((double)ops * reps));
    double growth = ((double)after.rss_kb - (double)before.rss_kb) * 1024;
    bench_print("growth_bytes_per_op",
                growth <= 0 ? 0 : growth / ((double)ops * reps));
}
