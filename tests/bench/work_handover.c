/*
 * work_handover.c - buffers got by one thread and given back by another.
 *
 * ring   producers malloc, write the first line and push pointers through a
 *        bounded queue; consumers pop, read and free.
 * lists  one thread only mallocs and fills whole lists, another only frees
 *        them; two lists are on the way at a time.
 */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { RING = 1024, MOST_SIDE = 64, LIST = 1000, LISTS = 2, SPINS = 200 };

/* A bounded queue for many on both sides (after Dmitry Vyukov's). */
struct cell {
    _Alignas(64) atomic_size_t turn;
    void *ptr;
};

struct ring {
    struct cell cell[RING];
    _Alignas(64) atomic_size_t head;
    _Alignas(64) atomic_size_t tail;
};

struct list {
    _Alignas(64) atomic_bool full;
    void *ptr[LIST];
};

static struct ring ring;
static struct list lists[LISTS];
static struct bench_sizes sizes;
static atomic_bool stop;
static _Alignas(64) atomic_uint producers_left;
static uint64_t consumed[MOST_SIDE][8]; /* one line each */

static void
pause_or_yield(unsigned *spins)
{
    if (++*spins % SPINS == 0) {
        sched_yield();
    } else {
        __builtin_ia32_pause();
    }
}

static bool
ring_push(void *ptr)
{
    size_t at = atomic_load_explicit(&ring.tail, memory_order_relaxed);
    for (;;) {
        struct cell *cell = &ring.cell[at % RING];
        size_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
        if (turn == at) {
            if (atomic_compare_exchange_weak_explicit(&ring.tail, &at, at + 1,
                                                      memory_order_relaxed,
                                                      memory_order_relaxed)) {
                cell->ptr = ptr;
                atomic_store_explicit(&cell->turn, at + 1,
                                      memory_order_release);
                return true;
            }
        } else if (turn < at) {
            return false;
        } else {
            at = atomic_load_explicit(&ring.tail, memory_order_relaxed);
        }
    }
}

static void *
ring_pop(void)
{
    size_t at = atomic_load_explicit(&ring.head, memory_order_relaxed);
    for (;;) {
        struct cell *cell = &ring.cell[at % RING];
        size_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
        if (turn == at + 1) {
            if (atomic_compare_exchange_weak_explicit(&ring.head, &at, at + 1,
                                                      memory_order_relaxed,
                                                      memory_order_relaxed)) {
                void *ptr = cell->ptr;
                atomic_store_explicit(&cell->turn, at + RING,
                                      memory_order_release);
                return ptr;
            }
        } else if (turn < at + 1) {
            return NULL;
        } else {
            at = atomic_load_explicit(&ring.head, memory_order_relaxed);
        }
    }
}

static void *
producer(void *argument)
{
    uint64_t random = 99 + (uintptr_t)argument;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        void *ptr = malloc(sizes.size[bench_random(&random) % BENCH_SIZES]);
        *(volatile char *)ptr = 1;
        unsigned spins = 0;
        while (!ring_push(ptr)) {
            pause_or_yield(&spins);
        }
    }
    atomic_fetch_sub(&producers_left, 1);
    return NULL;
}

static void *
consumer(void *argument)
{
    uint64_t *count = &consumed[(uintptr_t)argument][0];
    unsigned spins = 0;
    for (;;) {
        bool last = atomic_load(&producers_left) == 0;
        volatile char *ptr = ring_pop();
        if (ptr != NULL) {
            (void)ptr[0];
            free((void *)ptr);
            ++*count;
        } else if (last) {
            return NULL;
        } else {
            pause_or_yield(&spins);
        }
    }
}

static void *
list_maker(void *argument)
{
    uint64_t random = 5;
    unsigned spins = 0;
    (void)argument;
    for (unsigned at = 0;; at = (at + 1) % LISTS) {
        while (atomic_load_explicit(&lists[at].full, memory_order_acquire)) {
            pause_or_yield(&spins);
        }
        if (atomic_load(&stop)) {
            atomic_fetch_sub(&producers_left, 1);
            return NULL;
        }
        for (unsigned i = 0; i < LIST; i++) {
            uint64_t bits = bench_random(&random);
            lists[at].ptr[i] = malloc(sizes.size[bits % BENCH_SIZES]);
            *(volatile char *)lists[at].ptr[i] = 1;
        }
        atomic_store_explicit(&lists[at].full, true, memory_order_release);
    }
}

static void *
list_taker(void *argument)
{
    uint64_t *count = &consumed[(uintptr_t)argument][0];
    unsigned spins = 0;
    for (unsigned at = 0;; at = (at + 1) % LISTS) {
        while (!atomic_load_explicit(&lists[at].full, memory_order_acquire)) {
            if (atomic_load(&producers_left) == 0) {
                return NULL;
            }
            pause_or_yield(&spins);
        }
        for (unsigned i = 0; i < LIST; i++) {
            free(lists[at].ptr[i]);
        }
        *count += LIST;
        atomic_store_explicit(&lists[at].full, false, memory_order_release);
    }
}

static uint64_t
consumed_sum(unsigned side)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < side; i++) {
        sum += *(volatile uint64_t *)&consumed[i][0];
    }
    return sum;
}

/* Wall time per handed-over buffer, in slices while the threads run. */
static void
measure(unsigned side)
{
    enum { MOST_REPS = 64 };
    double ns[MOST_REPS] = {0};
    unsigned reps =
        bench_options.reps < MOST_REPS ? bench_options.reps : MOST_REPS;
    struct timespec slice = {.tv_sec = bench_options.ms / 1000,
                             .tv_nsec = bench_options.ms % 1000 * 1000000L};
    nanosleep(&slice, NULL);
    struct bench_memory before = bench_memory_now();
    uint64_t first = consumed_sum(side);
    for (unsigned i = 0; i < reps; i++) {
        uint64_t count = consumed_sum(side);
        uint64_t start = bench_wall_ns();
        nanosleep(&slice, NULL);
        count = consumed_sum(side) - count;
        ns[i] = (double)(bench_wall_ns() - start) /
                (double)(count == 0 ? 1 : count);
    }
    uint64_t ops = consumed_sum(side) - first;
    struct bench_memory after = bench_memory_now();
    bench_print("ns_per_op", bench_median(ns, reps));
    bench_print("faults_per_kop", (double)(after.faults - before.faults) *
                                      1000 / (double)(ops == 0 ? 1 : ops));
}

static void
run_sides(unsigned side, void *(*make)(void *), void *(*take)(void *))
{
    pthread_t thread[2 * MOST_SIDE];
    atomic_store(&producers_left, side);
    for (uintptr_t i = 0; i < side; i++) {
        if (pthread_create(&thread[2 * i], NULL, make, (void *)i) != 0 ||
            pthread_create(&thread[2 * i + 1], NULL, take, (void *)i) != 0) {
            bench_fail("can not start a thread");
        }
    }
    measure(side);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < 2 * side; i++) {
        pthread_join(thread[i], NULL);
    }
}

static int
ring_run(int argc, char **argv)
{
    bench_expect(argc, 3, "ring SIDE LOW HIGH");
    size_t side = bench_number(argv[0]);
    if (side == 0 || side > MOST_SIDE) {
        bench_fail("1 to 64 producers");
    }
    for (size_t i = 0; i < RING; i++) {
        atomic_store(&ring.cell[i].turn, i);
    }
    bench_sizes_fill(&sizes, bench_number(argv[1]), bench_number(argv[2]),
                     false);
    run_sides((unsigned)side, producer, consumer);
    return 0;
}

static int
lists_run(int argc, char **argv)
{
    bench_expect(argc, 2, "lists LOW HIGH");
    bench_sizes_fill(&sizes, bench_number(argv[0]), bench_number(argv[1]),
                     false);
    run_sides(1, list_maker, list_taker);
    return 0;
}

const struct workload workloads_handover[] = {
    {"ring", "ring SIDE LOW HIGH: SIDE producers, SIDE consumers", ring_run},
    {"lists", "lists LOW HIGH: one thread only mallocs, one only frees",
     lists_run},
    {NULL, NULL, NULL},
};
