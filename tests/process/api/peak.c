/*
 * peak.c - the peak of live bytes with several threads.
 *
 *     peak pair|many|turns|handover|first|aligned
 *
 * Each case holds a known number of bytes at one moment, by barriers, and
 * asks for the peak that midpool reports. It may be lower by 64 KB a thread
 * and 2 %, and must not be higher than what was ever live at once: a sum of
 * the threads' own peaks would be.
 *
 *   pair      two threads hold one buffer each, at the same moment
 *   many      64 threads hold 1 MB each, at the same moment
 *   turns     eight threads hold 8 MB each, one after another
 *   handover  one thread gets buffers that another frees, 64 at a time
 *   first     the first thread had a higher peak while it was alone
 *   aligned   the same, by requests for whole pages that are all cached
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "midpool.h"

enum { BUFFER = 4096, MB = 1 << 20, MANY = 64, TURNS = 8, ROUNDS = 3000 };

static pthread_barrier_t barrier;

static uint64_t
reported(void)
{
    static struct midpool_stats stats;
    int (*snapshot)(struct midpool_stats *, size_t) =
        dlsym(RTLD_DEFAULT, "midpool_snapshot");
    if (snapshot == NULL)
        exit(0); /* without midpool there is nothing to ask */
    CHECK(snapshot(&stats, sizeof stats) == 0, "snapshot");
    return stats.total.peak_live_bytes;
}

static void
expect(uint64_t truth, unsigned threads)
{
    uint64_t slack = threads * 64 * 1024ull + truth / 50;
    uint64_t least = truth > slack ? truth - slack : 0;
    uint64_t peak = reported();
    CHECK(peak >= least, "peak %zu, but %zu were live", (size_t)peak,
          (size_t)truth);
    CHECK(peak <= truth + slack, "peak %zu, but only %zu were ever live",
          (size_t)peak, (size_t)truth);
}

static void
hold(size_t bytes, void (*meanwhile)(void))
{
    size_t count = bytes / BUFFER;
    char **held = calloc(count, sizeof *held);
    for (size_t i = 0; i < count; i++)
        held[i] = memset(malloc(BUFFER), 1, 64);
    meanwhile();
    for (size_t i = 0; i < count; i++)
        free(held[i]);
    free(held);
}

static void
meet(void)
{
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
}

static void
nothing(void)
{
}

static void *
hold_one(void *argument)
{
    hold(BUFFER, meet);
    return argument;
}

static void *
hold_a_megabyte(void *argument)
{
    hold(MB, meet);
    return argument;
}

static void *
hold_in_turn(void *argument)
{
    hold(TURNS * MB, nothing);
    return argument;
}

static void
run_at_once(unsigned threads, void *(*work)(void *))
{
    pthread_t thread[MANY];
    pthread_barrier_init(&barrier, NULL, threads);
    for (unsigned i = 0; i < threads; i++)
        thread[i] = check_spawn(work, NULL);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
}

static void
pair(void)
{
    run_at_once(2, hold_one);
    CHECK(reported() == 2 * BUFFER, "peak %zu", (size_t)reported());
}

static void
many(void)
{
    run_at_once(MANY, hold_a_megabyte);
    expect((uint64_t)MANY * MB, MANY);
}

static void
turns(void)
{
    for (unsigned i = 0; i < TURNS; i++)
        pthread_join(check_spawn(hold_in_turn, NULL), NULL);
    /* The table of pointers is a buffer of the band as well. */
    expect((uint64_t)TURNS * MB + 20480, 2);
}

enum { HANDED = 64, HANDED_BYTES = 16384 };

static char *handed[HANDED];

static void *
take(void *argument)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&barrier);
        for (unsigned i = 0; i < HANDED; i++)
            free(handed[i]);
        pthread_barrier_wait(&barrier);
    }
    return argument;
}

static void
handover(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_t taker = check_spawn(take, NULL);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < HANDED; i++)
            handed[i] = memset(malloc(HANDED_BYTES), 1, 64);
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
    }
    pthread_join(taker, NULL);
    expect((uint64_t)HANDED * HANDED_BYTES, 2);
}

/* 3.5 MB by the first thread and 1 MB by another, at the same moment. */
static void
grow_beside(void)
{
    pthread_t other;
    pthread_barrier_init(&barrier, NULL, 2);
    other = check_spawn(hold_a_megabyte, NULL);
    hold(4 * MB - MB / 2, meet);
    pthread_join(other, NULL);
}

static void
first(void)
{
    hold(4 * MB, nothing);
    grow_beside();
    expect((uint64_t)4 * MB + MB / 2 + 12288, 2);
}

enum { PAGES = 65536, CACHED = 24, AGAIN = 16 };

static void
hold_pages(char **held, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        held[i] = memset(aligned_alloc(4096, PAGES), 1, 64);
}

static void
drop_pages(char **held, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        free(held[i]);
}

static void
aligned(void)
{
    char *held[CACHED];
    pthread_t other;

    for (unsigned round = 0; round < 20; round++) {
        hold_pages(held, CACHED);
        drop_pages(held, CACHED);
    }
    pthread_barrier_init(&barrier, NULL, 2);
    other = check_spawn(hold_a_megabyte, NULL);
    pthread_barrier_wait(&barrier);
    hold_pages(held, AGAIN);
    pthread_barrier_wait(&barrier);
    pthread_join(other, NULL);
    drop_pages(held, AGAIN);
    expect((uint64_t)MB + AGAIN * PAGES + 2048, 2);
}

static const struct check_case cases[] = {
    {"pair", pair},         {"many", many},   {"turns", turns},
    {"handover", handover}, {"first", first}, {"aligned", aligned},
};

int
main(int argc, char **argv)
{
    CHECK(argc == 2, "usage: peak CASE");
    CHECK_RUN_CASE(cases, argv[1]);
    return 0;
}
