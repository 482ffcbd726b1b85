/*
 * bench.h - common parts of the benchmark's workloads.
 *
 * Purpose   A workload is a plain program part that calls malloc and free and
 *           knows nothing of the allocator beneath; scripts/bench runs the
 *           same binary under each allocator (LD_PRELOAD) and compares.
 * Model     bench WORKLOAD ARGS... runs one workload in a process of its own
 *           and prints "metric value" lines, which the harness reads.
 *           Single-threaded workloads are timed in CPU time, so that what
 *           else runs on the machine weighs little; those with threads in
 *           wall time.
 */
#ifndef MIDPOOL_BENCH_BENCH_H
#define MIDPOOL_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KB ((size_t)1024)
#define MB ((size_t)1024 * 1024)

/* How long and how often to measure; set by main from the command line. */
struct bench_options {
    unsigned ms;   /* least length of one repetition */
    unsigned reps; /* repetitions, of which the median counts */
    unsigned wait; /* seconds of little work in memory workloads */
    int cpu;       /* pin the process there; -1: do not */
};

extern struct bench_options bench_options;

struct workload {
    const char *name;
    const char *usage;
    int (*run)(int argc, char **argv); /* arguments after the name */
};

extern const struct workload workloads_pair[];
extern const struct workload workloads_replace[];
extern const struct workload workloads_handover[];
extern const struct workload workloads_larson[];
extern const struct workload workloads_walk[];
extern const struct workload workloads_grow[];
extern const struct workload workloads_memory[];
extern const struct workload workloads_sleepers[];
extern const struct workload workloads_floor[];
extern const struct workload workloads_load[];
extern const struct workload workloads_founding[];
extern const struct workload workloads_tail[];

/* Tells the compiler that ptr escapes and memory may have changed. */
static inline void
bench_escape(void *ptr)
{
    __asm__ volatile("" : : "r"(ptr) : "memory");
}

/* Random numbers: splitmix64, one state per thread. */
static inline uint64_t
bench_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number below bound from 32 random bits. */
static inline uint32_t
bench_below(uint32_t bits, uint32_t bound)
{
    return (uint32_t)(((uint64_t)bits * bound) >> 32);
}

uint64_t bench_cpu_ns(void);
uint64_t bench_wall_ns(void);

/* Parsing of arguments; both end the program with a message on nonsense. */
size_t bench_number(const char *text);
void bench_expect(int argc, int expected, const char *usage);
_Noreturn void bench_fail(const char *what);

/* malloc that ends the program when it fails. */
void *bench_malloc(size_t size);

/*
 * Sizes drawn from a distribution, tabulated so that every distribution
 * costs the measured loop the same.
 */
enum { BENCH_SIZES = 1024 };
struct bench_sizes {
    uint32_t size[BENCH_SIZES];
};
void bench_sizes_fill(struct bench_sizes *sizes, size_t low, size_t high,
                      bool logarithmic);

/*
 * Times body, which does ops operations per call, in CPU time and prints
 * ns_per_op (the median of the repetitions), faults_per_kop and
 * growth_bytes_per_op, by which RSS grew meanwhile: what an operation leaves
 * behind.
 */
typedef void bench_body(void *context, uint64_t ops);
void bench_measure(bench_body *body, void *context);

/*
 * Runs body in threads at once until the time is over, several times, and
 * prints ns_per_op: wall time x min(threads, CPUs) / operations; and
 * mops_per_s, all threads' operations in a microsecond of wall time.
 *
 * body does operations until *stop and returns how many. It is called once
 * with warm true before the clock starts.
 */
typedef uint64_t bench_thread_body(void *context, unsigned index,
                                   const volatile bool *stop);
void bench_threads(unsigned threads, bench_thread_body *prepare,
                   bench_thread_body *body, void *context);

/* Memory of this process, in KB and counts, read without allocating. */
struct bench_memory {
    size_t rss_kb;
    size_t peak_rss_kb;
    size_t faults;
};
struct bench_memory bench_memory_now(void);

/* The median; sorts values. */
double bench_median(double *values, unsigned count);

/* CPUs that this process may use. */
unsigned bench_cpus(void);

/* One result line. */
void bench_print(const char *metric, double value);

#endif
