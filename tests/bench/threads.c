/*
 * threads.c - runs a body in many threads at once, for a time.
 */
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_THREADS = 1024, MOST_REPS = 64 };

struct crew {
    pthread_barrier_t start;
    pthread_barrier_t end;
    volatile bool stop;
    volatile bool over; /* written before the start barrier */
    bench_thread_body *prepare;
    bench_thread_body *body;
    void *context;
};

struct member {
    struct crew *crew;
    unsigned index;
    uint64_t ops;
    uint64_t start_ns; /* its own: the main thread may wake late */
    uint64_t end_ns;
    pthread_t thread;
};

static struct member members[MOST_THREADS];

static void *
member_run(void *argument)
{
    struct member *member = argument;
    struct crew *crew = member->crew;
    if (crew->prepare != NULL) {
        crew->prepare(crew->context, member->index, &crew->stop);
    }
    for (;;) {
        pthread_barrier_wait(&crew->start);
        if (crew->over) {
            return NULL;
        }
        member->start_ns = bench_wall_ns();
        member->ops = crew->body(crew->context, member->index, &crew->stop);
        member->end_ns = bench_wall_ns();
        pthread_barrier_wait(&crew->end);
    }
}

/* From the first member's start to the last one's end. */
static double
crew_took(unsigned threads)
{
    uint64_t start = members[0].start_ns;
    uint64_t end = members[0].end_ns;
    for (unsigned i = 1; i < threads; i++) {
        start = members[i].start_ns < start ? members[i].start_ns : start;
        end = members[i].end_ns > end ? members[i].end_ns : end;
    }
    return (double)(end - start);
}

/* One repetition: ns per operation, per CPU in use. */
static double
crew_round(struct crew *crew, unsigned threads, uint64_t *ops_sum)
{
    /* Every thread should have its turn on a CPU several times. */
    unsigned cpus = bench_cpus() < threads ? bench_cpus() : threads;
    unsigned ms = bench_options.ms * (threads > cpus ? 4 : 1);
    struct timespec time = {.tv_sec = ms / 1000,
                            .tv_nsec = ms % 1000 * 1000000L};
    crew->stop = false;
    pthread_barrier_wait(&crew->start);
    nanosleep(&time, NULL);
    crew->stop = true;
    pthread_barrier_wait(&crew->end);
    uint64_t ops = 0;
    for (unsigned i = 0; i < threads; i++) {
        ops += members[i].ops;
    }
    *ops_sum += ops;
    return crew_took(threads) * cpus / (double)(ops == 0 ? 1 : ops);
}

void
bench_threads(unsigned threads, bench_thread_body *prepare,
              bench_thread_body *body, void *context)
{
    static struct crew crew;
    double ns[MOST_REPS] = {0};
    unsigned reps =
        bench_options.reps < MOST_REPS ? bench_options.reps : MOST_REPS;
    if (threads == 0 || threads > MOST_THREADS) {
        bench_fail("1 to 1024 threads");
    }
    crew.prepare = prepare;
    crew.body = body;
    crew.context = context;
    pthread_barrier_init(&crew.start, NULL, threads + 1);
    pthread_barrier_init(&crew.end, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        members[i].crew = &crew;
        members[i].index = i;
        if (pthread_create(&members[i].thread, NULL, member_run, &members[i]) !=
            0) {
            bench_fail("can not start a thread");
        }
    }
    uint64_t ops = 0;
    crew_round(&crew, threads, &ops);
    struct bench_memory before = bench_memory_now();
    ops = 0;
    for (unsigned i = 0; i < reps; i++) {
        ns[i] = crew_round(&crew, threads, &ops);
    }
    struct bench_memory after = bench_memory_now();
    crew.over = true;
    pthread_barrier_wait(&crew.start);
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(members[i].thread, NULL);
    }
    double middle = bench_median(ns, reps);
    unsigned cpus = bench_cpus() < threads ? bench_cpus() : threads;
    bench_print("ns_per_op", middle);
    bench_print("mops_per_s", 1000 * cpus / middle);
    bench_print("faults_per_kop", (double)(after.faults - before.faults) *
                                      1000 / (double)(ops == 0 ? 1 : ops));
}
