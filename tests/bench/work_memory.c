/*
 * work_memory.c - how much memory a program takes whose needs change.
 *
 * phases    MEGABYTES live in one size, all freed, then in the next size,
 *           over eight sizes; every page written. Then --wait seconds of
 *           little work: idle.
 * fragment  MEGABYTES live; random replacement while the range of sizes
 *           shifts, or stays the whole band; then 90 % freed at random; then
 *           --wait seconds.
 *
 * Prints, beside peak_rss_kb: live_kb (requested bytes at the peak),
 * rss_kb where full, rss_freed_kb at once after freeing, rss_later_kb after
 * the wait, left_kb (requested bytes live then) and ns_per_op.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE_BYTES = 4096 };

static char **buffer;
static uint32_t *length;

/* The tables are touched before anything is measured. */
static void
tables_init(size_t count)
{
    buffer = bench_malloc(count * sizeof *buffer);
    length = bench_malloc(count * sizeof *length);
    memset(buffer, 0, count * sizeof *buffer);
    memset(length, 1, count * sizeof *length);
}

static char *
filled(size_t size)
{
    char *ptr = bench_malloc(size);
    for (size_t at = 0; at < size; at += PAGE_BYTES) {
        ptr[at] = 1;
    }
    ptr[size - 1] = 1;
    return ptr;
}

/*
 * A program that is nearly idle: ten times a second it holds 50 buffers for
 * a moment, 0.7 MB in all. Fewer calls, and most allocators would never look
 * at their clocks.
 */
static void
little_work(void)
{
    enum { HELD = 50 };
    struct timespec nap = {.tv_sec = 0, .tv_nsec = 100000000};
    uint64_t end = bench_wall_ns() + bench_options.wait * 1000000000ull;
    while (bench_wall_ns() < end) {
        char *held[HELD];
        for (size_t i = 0; i < HELD; i++) {
            held[i] = filled(3000 + i * 450);
        }
        for (size_t i = 0; i < HELD; i++) {
            free(held[i]);
        }
        nanosleep(&nap, NULL);
    }
}

static void
print_later(size_t left_bytes)
{
    bench_print("rss_freed_kb", (double)bench_memory_now().rss_kb);
    if (bench_options.wait > 0) {
        little_work();
        bench_print("rss_later_kb", (double)bench_memory_now().rss_kb);
    }
    bench_print("left_kb", (double)left_bytes / 1024);
}

static int
phases_run(int argc, char **argv)
{
    static const size_t size[] = {4096, 16384, 2048, 65536,
                                  8192, 49152, 3072, 32768};
    enum { PHASES = sizeof size / sizeof *size };
    bench_expect(argc, 1, "phases MEGABYTES");
    size_t bytes = bench_number(argv[0]) * MB;
    tables_init(bytes / 2048);
    uint64_t ops = 0;
    uint64_t start = bench_cpu_ns();
    for (unsigned phase = 0; phase < PHASES; phase++) {
        size_t count = bytes / size[phase];
        for (size_t i = 0; i < count; i++) {
            buffer[i] = filled(size[phase]);
        }
        for (size_t i = 0; i < count; i++) {
            free(buffer[i]);
        }
        ops += count;
    }
    bench_print("ns_per_op", (double)(bench_cpu_ns() - start) / (double)ops);
    bench_print("live_kb", (double)bytes / 1024);
    print_later(0);
    return 0;
}

enum { SHIFTS = 8, ROUNDS_A_SHIFT = 2 };

/*
 * The range of sizes moves upwards and around through the band, or is the
 * whole band all the time (steady).
 */
static size_t
shifting_size(uint64_t *random, unsigned shift, bool steady)
{
    static const uint32_t low[SHIFTS] = {2048,  4096,  8192, 16384,
                                         32768, 24576, 3072, 6144};
    uint32_t bits = (uint32_t)bench_random(random);
    if (steady) {
        return 2 * KB + bench_below(bits, 62 * KB + 1);
    }
    return low[shift] + bench_below(bits, low[shift]);
}

struct fragment {
    size_t bytes; /* to keep live */
    bool steady;
    size_t count;
    size_t live;
    uint64_t random;
    uint64_t ops;
};

static void
drop_one(struct fragment *f)
{
    size_t at = bench_random(&f->random) % f->count;
    f->live -= length[at];
    free(buffer[at]);
    f->count--;
    buffer[at] = buffer[f->count];
    length[at] = length[f->count];
}

/* Replaces random buffers until ROUNDS_A_SHIFT x live bytes were renewed. */
static void
renew(struct fragment *f, unsigned shift)
{
    size_t renewed = 0;
    while (renewed < ROUNDS_A_SHIFT * f->bytes) {
        size_t size = shifting_size(&f->random, shift, f->steady);
        /* Too much live: some go. Then one more comes. */
        while (f->live + size > f->bytes && f->count > 0) {
            drop_one(f);
        }
        buffer[f->count] = filled(size);
        length[f->count] = (uint32_t)size;
        f->count++;
        f->live += size;
        renewed += size;
        f->ops++;
    }
}

static void
free_most(struct fragment *f)
{
    for (size_t i = 0; i < f->count; i++) {
        if (bench_random(&f->random) % 10 != 0) {
            f->live -= length[i];
            free(buffer[i]);
        }
    }
}

static int
fragment_run(int argc, char **argv)
{
    bench_expect(argc, 2, "fragment MEGABYTES shifting|steady");
    struct fragment f = {.bytes = bench_number(argv[0]) * MB, .random = 11};
    f.steady = strcmp(argv[1], "steady") == 0;
    if (!f.steady && strcmp(argv[1], "shifting") != 0) {
        bench_fail("sizes are shifting or steady");
    }
    tables_init(f.bytes / 2048 + 1);
    uint64_t start = bench_cpu_ns();
    for (unsigned shift = 0; shift < SHIFTS; shift++) {
        renew(&f, shift);
    }
    bench_print("ns_per_op", (double)(bench_cpu_ns() - start) / (double)f.ops);
    bench_print("live_kb", (double)f.live / 1024);
    bench_print("rss_kb", (double)bench_memory_now().rss_kb);
    free_most(&f);
    print_later(f.live);
    return 0;
}

const struct workload workloads_memory[] = {
    {"phases", "phases MEGABYTES: live in one size after the other",
     phases_run},
    {"fragment", "fragment MEGABYTES shifting|steady: replace, then free 90 %",
     fragment_run},
    {NULL, NULL, NULL},
};
