/*
 * work_sleepers.c - many threads that each use the band once, then sleep.
 *
 * Prints base_kb (RSS with the threads started, the band not used), rss_kb
 * (all have used it: each class got, written, freed) and, after --wait
 * seconds in which the main thread does little work, rss_later_kb.
 */
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_THREADS = 4096, STACK_BYTES = 128 * 1024 };

static pthread_barrier_t started;
static pthread_barrier_t used;
static pthread_barrier_t over;

static void
use_band(void)
{
    for (size_t size = 2048; size <= 64 * KB; size *= 2) {
        char *ptr = bench_malloc(size);
        for (size_t at = 0; at < size; at += 4096) {
            ptr[at] = 1;
        }
        free(ptr);
    }
}

static void *
sleeper(void *argument)
{
    pthread_barrier_wait(&started);
    use_band();
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&over);
    return argument;
}

static void
little_work(void)
{
    struct timespec nap = {.tv_sec = 0, .tv_nsec = 100000000};
    for (unsigned i = 0; i < 10 * bench_options.wait; i++) {
        nanosleep(&nap, NULL);
        use_band();
    }
}

static int
sleepers_run(int argc, char **argv)
{
    static pthread_t thread[MOST_THREADS];
    bench_expect(argc, 1, "sleepers THREADS");
    unsigned threads = (unsigned)bench_number(argv[0]);
    pthread_attr_t attributes;
    if (threads > MOST_THREADS) {
        bench_fail("at most 4096 threads");
    }
    pthread_barrier_init(&started, NULL, threads + 1);
    pthread_barrier_init(&used, NULL, threads + 1);
    pthread_barrier_init(&over, NULL, threads + 1);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (unsigned i = 0; i < threads; i++) {
        if (pthread_create(&thread[i], &attributes, sleeper, NULL) != 0) {
            bench_fail("can not start a thread");
        }
    }
    bench_print("base_kb", (double)bench_memory_now().rss_kb);
    uint64_t start = bench_cpu_ns();
    pthread_barrier_wait(&started);
    pthread_barrier_wait(&used);
    bench_print("ns_per_op", (double)(bench_cpu_ns() - start) / threads);
    bench_print("rss_kb", (double)bench_memory_now().rss_kb);
    if (bench_options.wait > 0) {
        little_work();
        bench_print("rss_later_kb", (double)bench_memory_now().rss_kb);
    }
    pthread_barrier_wait(&over);
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
    }
    return 0;
}

const struct workload workloads_sleepers[] = {
    {"sleepers", "sleepers THREADS: each uses the band once, then sleeps",
     sleepers_run},
    {NULL, NULL, NULL},
};
