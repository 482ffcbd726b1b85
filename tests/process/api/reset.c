/*
 * reset.c - midpool_reset while other threads hold buffers, or churn.
 *
 *     reset held|raced
 *
 *   held   a thread holds buffers over a reset: every number is exact
 *   raced  three threads churn while 2,000 resets come: of what they get while
 *          the last one runs a part counts before it, and nothing else is off
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "midpool.h"

enum { HELD = 6, BYTES = 4000, WARM = 40, THREADS = 3, SLOTS = 64 };
enum { RESETS = 2000, STEP_NS = 200 * 1000 };

static int (*snapshot)(struct midpool_stats *, size_t);
static void (*reset)(void);
static size_t (*warmup)(size_t, size_t);
static pthread_barrier_t barrier;
static atomic_bool stop;

static const struct midpool_counts *
total(void)
{
    static struct midpool_stats stats;

    CHECK(snapshot(&stats, sizeof stats) == 0, "snapshot");
    return &stats.total;
}

static void
step(void)
{
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
}

static void *
hold(void *argument)
{
    char *ptr[WARM];

    /* So that later frees are fast. */
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < WARM; i++)
            ptr[i] = memset(malloc(BYTES), 1, 1);
        for (unsigned i = 0; i < WARM; i++)
            free(ptr[i]);
    }
    for (unsigned i = 0; i < HELD; i++)
        ptr[i] = memset(malloc(BYTES), 1, 1);
    step(); /* the reset */
    for (unsigned i = 0; i < HELD; i++)
        free(ptr[i]);
    step();
    for (unsigned i = 0; i < HELD + 4; i++)
        ptr[i] = memset(malloc(BYTES), 1, 1);
    step();
    for (unsigned i = 0; i < HELD + 4; i++)
        free(ptr[i]);
    return argument;
}

static void
expect(const char *when, unsigned gets, unsigned puts, unsigned inherited,
       unsigned peak)
{
    const struct midpool_counts *now = total();

    CHECK(now->gets == gets && now->puts == puts && now->live == gets - puts,
          "%s: %zu gets, %zu puts, %zu live", when, (size_t)now->gets,
          (size_t)now->puts, (size_t)now->live);
    CHECK(now->hits == gets && now->misses == 0, "%s: %zu hits, %zu misses",
          when, (size_t)now->hits, (size_t)now->misses);
    CHECK(now->inherited_puts == inherited, "%s: %zu inherited", when,
          (size_t)now->inherited_puts);
    CHECK(now->requested_bytes == (uint64_t)gets * BYTES, "%s: %zu bytes", when,
          (size_t)now->requested_bytes);
    CHECK(now->peak_live_bytes >= now->live_bytes &&
              now->peak_live_bytes <= peak * 4096u,
          "%s: peak %zu", when, (size_t)now->peak_live_bytes);
}

static void
held(void)
{
    uint64_t cached;
    pthread_t other;

    pthread_barrier_init(&barrier, NULL, 2);
    other = check_spawn(hold, NULL);
    pthread_barrier_wait(&barrier);
    cached = total()->cached_bytes;
    reset();
    expect("after the reset", 0, 0, 0, 0);
    CHECK(total()->cached_bytes == cached, "idle buffers are kept");
    step();
    expect("after the frees", 0, 0, HELD, 0);
    CHECK(total()->cached_bytes == cached + HELD * 4096, "all are idle");
    step();
    expect("after new gets", HELD + 4, 0, HELD, HELD + 4);
    pthread_barrier_wait(&barrier);
    pthread_join(other, NULL);
    expect("at the end", HELD + 4, HELD + 4, HELD, HELD + 4);
}

static void *
churn(void *argument)
{
    unsigned random = (unsigned)(uintptr_t)argument * 7919 + 1;
    char *ptr[SLOTS] = {NULL};

    while (!atomic_load(&stop)) {
        unsigned i = (random >> 16) % SLOTS;

        random = random * 1103515245 + 12345;
        free(ptr[i]);
        ptr[i] = memset(malloc(2048 + (random >> 8) % 60000), 1, 1);
    }
    for (unsigned i = 0; i < SLOTS; i++)
        free(ptr[i]);
    return argument;
}

/* However far live is off, what is got later is counted exactly. */
static void
count_exactly(void)
{
    const struct midpool_counts before = *total();
    const struct midpool_counts *now;
    char *ptr[HELD];

    for (unsigned i = 0; i < HELD; i++)
        ptr[i] = memset(malloc(BYTES), 1, 1);
    now = total();
    CHECK(now->gets == before.gets + HELD && now->puts == before.puts &&
              now->live == before.live + HELD,
          "%zu live, then %zu", (size_t)before.live, (size_t)now->live);
    for (unsigned i = 0; i < HELD; i++)
        free(ptr[i]);
    now = total();
    CHECK(now->live == before.live && now->puts == before.puts + HELD,
          "%zu live, then %zu", (size_t)before.live, (size_t)now->live);
}

static void
raced(void)
{
    static const struct timespec pause = {.tv_nsec = STEP_NS};
    const struct midpool_counts *now;
    pthread_t thread[THREADS];

    for (uintptr_t i = 0; i < THREADS; i++)
        thread[i] = check_spawn(churn, (void *)i);
    for (unsigned i = 0; i < RESETS; i++) {
        nanosleep(&pause, NULL);
        reset();
    }
    atomic_store(&stop, true);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    now = total();
    CHECK(now->live <= THREADS * SLOTS, "%zu live", (size_t)now->live);
    CHECK(now->cached_bytes < 1u << 30, "%zu bytes cached",
          (size_t)now->cached_bytes);
    CHECK(now->puts + now->inherited_puts <=
              now->gets + THREADS * SLOTS + THREADS,
          "%zu puts, %zu inherited", (size_t)now->puts,
          (size_t)now->inherited_puts);
    count_exactly();
    CHECK(warmup(16384, 10) == 10, "buffers can be readied");
    reset(); /* in quiet: the report at the end is exact again */
}

int
main(int argc, char **argv)
{
    CHECK(argc == 2, "usage: reset held|raced");
    snapshot = dlsym(RTLD_DEFAULT, "midpool_snapshot");
    reset = dlsym(RTLD_DEFAULT, "midpool_reset");
    warmup = dlsym(RTLD_DEFAULT, "midpool_warmup");
    if (reset == NULL)
        return 0; /* without midpool there is nothing to ask */
    if (strcmp(argv[1], "held") == 0)
        held();
    else
        raced();
    return 0;
}
