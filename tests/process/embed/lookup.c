/*
 * lookup.c - another example: every function of midpool.h, found by dlsym,
 * as a plug-in or a script language would.
 */
#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "midpool.h"

static __typeof__(midpool_snapshot) *snapshot;
static __typeof__(midpool_report) *report;
static __typeof__(midpool_reset) *reset;
static __typeof__(midpool_warmup) *warmup;
static __typeof__(midpool_purge) *purge;
static __typeof__(midpool_version) *version;

static void
find(void *slot, const char *name)
{
    void *function = dlsym(RTLD_DEFAULT, name);

    if (function == NULL) {
        fprintf(stderr, "%s is missing\n", name);
        exit(1);
    }
    memcpy(slot, &function, sizeof function);
}

static void
find_all(void)
{
    find(&snapshot, "midpool_snapshot");
    find(&report, "midpool_report");
    find(&reset, "midpool_reset");
    find(&warmup, "midpool_warmup");
    find(&purge, "midpool_purge");
    find(&version, "midpool_version");
}

static struct midpool_stats
now(void)
{
    struct midpool_stats stats;

    assert(snapshot(&stats, sizeof stats) == 0);
    assert(stats.version == MIDPOOL_STATS_VERSION);
    assert(stats.active == 1);
    assert(stats.total.gets == stats.total.hits + stats.total.misses);
    assert(stats.total.gets - stats.total.puts == stats.total.live);
    return stats;
}

/* Gets of buffers that were warmed up are hits. */
static void
check_warmup(void)
{
    enum { COUNT = 50 };
    void *buffer[COUNT];
    struct midpool_stats before;
    struct midpool_stats after;

    assert(warmup(40000, COUNT) == COUNT);
    assert(warmup(100, COUNT) == 0);
    before = now();
    for (int i = 0; i < COUNT; i++)
        buffer[i] = malloc(40000);
    after = now();
    assert(after.total.gets == before.total.gets + COUNT);
    assert(after.total.misses == before.total.misses);
    assert(after.total.live == before.total.live + COUNT);
    for (int i = 0; i < COUNT; i++)
        free(buffer[i]);
}

static void
check_purge(void)
{
    void *buffer = malloc(60000);

    free(buffer);
    assert(now().total.cached_bytes > 0);
    assert(purge() > 0);
    assert(now().total.cached_bytes < 60000);
}

static void
check_reset(void)
{
    void *buffer = malloc(5000);

    reset();
    assert(now().total.gets == 0);
    free(buffer);
    free(malloc(5000));
    assert(now().total.gets == 1);
}

/* An older program gets the part that it knows. */
static void
check_sizes(void)
{
    struct midpool_stats stats;

    memset(&stats, 0xff, sizeof stats);
    assert(snapshot(&stats, sizeof stats.version) == 0);
    assert(stats.version == MIDPOOL_STATS_VERSION);
    assert(stats.active == 0xffffffff);
    assert(snapshot(NULL, sizeof stats) == EINVAL);
    assert(snapshot(&stats, 1) == EINVAL);
}

static char stack[128 << 10] __attribute__((aligned(4096)));
static ptrdiff_t taken;

/* Measured by the thread: glibc 2.31 clears its stack when it ends. */
static void *
take_snapshot(void *stats)
{
    const char *frame = __builtin_frame_address(0);
    const char *lowest = stack;

    assert(snapshot(stats, sizeof(struct midpool_stats)) == 0);
    while (*lowest == 0x5a)
        lowest++;
    taken = frame - lowest;
    return NULL;
}

/* No more of the stack than midpool.h says. */
static void
check_stack(void)
{
    static struct midpool_stats stats;
    pthread_attr_t attributes;
    pthread_t thread;

    memset(stack, 0x5a, sizeof stack);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, sizeof stack);
    assert(pthread_create(&thread, &attributes, take_snapshot, &stats) == 0);
    pthread_join(thread, NULL);
    fprintf(stderr, "a snapshot took %td bytes of stack\n", taken);
    assert(taken > 0 && taken <= 20 << 10);
}

static void
check_report(void)
{
    assert(report(STDOUT_FILENO, "json") == 0);
    assert(report(STDOUT_FILENO, "yaml") == EINVAL);
    assert(report(STDOUT_FILENO, "none") == EINVAL);
    assert(report(-1, "csv") == EBADF);
}

int
main(void)
{
    find_all();
    assert(strlen(version()) > 0);
    errno = 1234;
    check_warmup();
    check_purge();
    check_reset();
    check_sizes();
    check_stack();
    check_report();
    assert(errno == 1234);
    return 0;
}
