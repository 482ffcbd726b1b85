/*
 * work_floor.c - the least that any preloaded allocator costs: the loops of
 * work_pair.c over floor_get and floor_put (floor.c).
 */
#include "bench.h"
#include "floor.h"

enum { MOST_BATCH = 1024 };

static void
pair_body(void *context, uint64_t ops)
{
    size_t size = *(size_t *)context;
    for (uint64_t i = 0; i < ops; i++) {
        void *ptr = floor_get(size);
        bench_escape(ptr);
        floor_put(ptr);
    }
}

static void
batch_body(void *context, uint64_t ops)
{
    size_t batch = *(size_t *)context;
    void *held[MOST_BATCH];
    for (uint64_t done = 0; done < ops; done += batch) {
        for (size_t i = 0; i < batch; i++) {
            held[i] = floor_get(4096);
            bench_escape(held[i]);
        }
        for (size_t i = 0; i < batch; i++) {
            floor_put(held[i]);
        }
    }
}

static int
floor_pair_run(int argc, char **argv)
{
    bench_expect(argc, 1, "floor-pair BYTES");
    size_t size = bench_number(argv[0]);
    bench_measure(pair_body, &size);
    return 0;
}

static int
floor_count_run(int argc, char **argv)
{
    bench_expect(argc, 2, "floor-count OPERATIONS BYTES");
    size_t size = bench_number(argv[1]);
    pair_body(&size, bench_number(argv[0]));
    return 0;
}

static int
floor_batch_run(int argc, char **argv)
{
    bench_expect(argc, 1, "floor-batch COUNT");
    size_t batch = bench_number(argv[0]);
    if (batch == 0 || batch > FLOOR_BUFFERS) {
        bench_fail("batches of 1 to 1000");
    }
    bench_measure(batch_body, &batch);
    return 0;
}

const struct workload workloads_floor[] = {
    {"floor-pair", "floor-pair BYTES: two calls and a bare stack",
     floor_pair_run},
    {"floor-count", "floor-count OPERATIONS BYTES: so many, not timed",
     floor_count_run},
    {"floor-batch", "floor-batch COUNT: the same in batches", floor_batch_run},
    {NULL, NULL, NULL},
};
