/*
 * every_name.c - exercises every exported function by name.
 *
 *     every_name NAME...
 *
 * The names come from interpose/exports.map; one that no table here knows is
 * a failure, so that nothing is exported and never called.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "check.h"
#include "mallinfo2.h"
#include "midpool.h"

#define FIND(name) ((__typeof__(&(name)))calls_find(#name))

static void
use_usable_size(void)
{
    void *block = malloc(5000);
    CHECK(calls_usable(block) >= 5000, "usable size");
    free(block);
}

static void
use_trim(void)
{
    free(malloc(60000));
    int trimmed = FIND(malloc_trim)(0);
    CHECK(trimmed == 0 || trimmed == 1, "malloc_trim gives %d", trimmed);
}

/*
 * Freed blocks that a thread keeps for later count as in use, as with glibc.
 * jemalloc takes them back as it likes, 5.3.1 in the middle of an allocation;
 * malloc_trim makes it do so before the count.
 */
static struct mallinfo2
count_without_caches(void)
{
    FIND(malloc_trim)(0);
    return FIND(mallinfo2)();
}

/*
 * mallinfo2's bytes in use grow by the allocated bytes. As in glibc, blocks
 * with mappings of their own are counted separately.
 */
static void
use_mallinfo2(void)
{
    struct mallinfo2 before = count_without_caches();
    void *band = malloc(40000);
    void *large = malloc(3 << 20);
    struct mallinfo2 after = count_without_caches();
    CHECK(after.uordblks >= before.uordblks + 40000,
          "mallinfo2: %zu in use, then %zu", before.uordblks, after.uordblks);
    CHECK(after.hblkhd >= before.hblkhd + (3 << 20) &&
              after.hblks > before.hblks,
          "mallinfo2: %zu mapped, then %zu", before.hblkhd, after.hblkhd);
    CHECK(after.arena >= after.uordblks, "arena %zu", after.arena);
    free(band);
    free(large);
    CHECK(FIND(mallinfo2)().ordblks > after.ordblks, "a free block more");
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void
use_mallinfo(void)
{
    struct mallinfo info = FIND(mallinfo)();
    CHECK(info.uordblks > 0 && info.arena >= info.uordblks, "mallinfo");
}
#pragma GCC diagnostic pop

static void
use_malloc_info(void)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&text, &bytes);
    CHECK(FIND(malloc_info)(0, stream) == 0, "malloc_info");
    CHECK(FIND(malloc_info)(1, stream) != 0, "malloc_info of option 1");
    fclose(stream);
    CHECK(strncmp(text, "<malloc version=", 16) == 0, "%.40s", text);
    CHECK(strstr(text, "</malloc>") != NULL, "no end");
    free(text);
}

static void
use_malloc_stats(void)
{
    FIND(malloc_stats)();
}

static void
use_mallopt(void)
{
    CHECK(FIND(mallopt)(M_TRIM_THRESHOLD, 1 << 20) == 1, "mallopt");
    CHECK(FIND(mallopt)(123456, 1) == 1, "mallopt of nothing known");
}

static void
use_snapshot(void)
{
    struct midpool_stats stats;
    memset(&stats, 0xff, sizeof(stats));
    CHECK(FIND(midpool_snapshot)(&stats, sizeof(stats)) == 0, "snapshot");
    CHECK(stats.active == 1 && stats.version == MIDPOOL_STATS_VERSION,
          "snapshot: active %u", stats.active);
    CHECK(stats.total.gets == stats.total.hits + stats.total.misses &&
              stats.total.live == stats.total.gets - stats.total.puts,
          "snapshot");
}

static void
use_report(void)
{
    int pipes[2];
    char text[256 * 1024];
    CHECK(pipe(pipes) == 0, "pipe");
    CHECK(FIND(midpool_report)(pipes[1], "csv") == 0, "report");
    close(pipes[1]);
    CHECK(read(pipes[0], text, sizeof(text)) > 100, "report");
    close(pipes[0]);
    CHECK(FIND(midpool_report)(2, "unknown") != 0, "report");
}

static void
use_reset(void)
{
    struct midpool_stats stats;
    void *kept = malloc(7000);
    FIND(midpool_reset)();
    CHECK(FIND(midpool_snapshot)(&stats, sizeof(stats)) == 0, "snapshot");
    CHECK(stats.total.gets == stats.total.live + stats.total.puts,
          "%lu gets after the reset", (unsigned long)stats.total.gets);
    free(kept);
}

static void
use_warmup(void)
{
    struct midpool_stats stats;
    FIND(midpool_reset)();
    CHECK(FIND(midpool_warmup)(14000, 50) == 50, "warm-up");
    CHECK(FIND(midpool_warmup)(100, 50) == 0, "warm-up below the band");
    static void *block[50];
    for (unsigned i = 0; i < 50; i++)
        block[i] = malloc(14000);
    CHECK(FIND(midpool_snapshot)(&stats, sizeof(stats)) == 0, "snapshot");
    CHECK(stats.total.misses == 0, "%lu misses after warm-up",
          (unsigned long)stats.total.misses);
    for (unsigned i = 0; i < 50; i++)
        free(block[i]);
}

static void
use_purge(void)
{
    enum { COUNT = 2000 };
    static char *block[COUNT];
    for (unsigned i = 0; i < COUNT; i++)
        block[i] = memset(malloc(60000), 1, 60000);
    size_t full = check_rss_bytes();
    for (unsigned i = 0; i < COUNT; i++)
        free(block[i]);
    size_t given = FIND(midpool_purge)();
    CHECK(given > COUNT * 60000u / 2, "%zu bytes purged", given);
    CHECK(check_rss_bytes() < full - COUNT * 60000u / 2, "RSS is still %zu",
          check_rss_bytes());
}

static void
use_version(void)
{
    const char *version = FIND(midpool_version)();
    CHECK(version && version[0] >= '0' && version[0] <= '9', "version");
}

static void
use_dlopen(void)
{
    void *library = dlopen("libm.so.6", RTLD_NOW | RTLD_DEEPBIND);
    CHECK(library != NULL && dlsym(library, "cos") != NULL, "%s", dlerror());
    CHECK(dlclose(library) == 0, "dlclose");
}

static void
use_dlmopen(void)
{
    void *library = dlmopen(LM_ID_NEWLM, "libm.so.6", RTLD_NOW);
    CHECK(library != NULL && dlsym(library, "cos") != NULL, "%s", dlerror());
    CHECK(dlclose(library) == 0, "dlclose");
}

/* jemalloc's own; their cases are in jemalloc_*.c. */
static void
use_mallocx(void)
{
    void *(*get)(size_t, int) = calls_find("mallocx");
    void *(*resize)(void *, size_t, int) = calls_find("rallocx");
    size_t (*stay)(void *, size_t, size_t, int) = calls_find("xallocx");
    size_t (*real)(const void *, int) = calls_find("sallocx");
    size_t (*estimate)(size_t, int) = calls_find("nallocx");
    void (*put)(void *, int) = calls_find("dallocx");
    void (*put_sized)(void *, size_t, int) = calls_find("sdallocx");
    void *block = get(5000, 0);

    CHECK(real(block, 0) == estimate(5000, 0), "nallocx");
    block = resize(block, 9000, 0);
    CHECK(stay(block, 9000, 0, 0) == real(block, 0), "xallocx");
    put(block, 0);
    put_sized(get(5000, 0), 5000, 0);
}

static void
use_mallctl(void)
{
    int (*control)(const char *, void *, size_t *, void *, size_t) =
        calls_find("mallctl");
    int (*find)(const char *, size_t *, size_t *) =
        calls_find("mallctlnametomib");
    int (*by_mib)(const size_t *, size_t, void *, size_t *, void *, size_t) =
        calls_find("mallctlbymib");
    size_t mib[4];
    size_t length = 4;
    size_t value[2] = {0, 0};
    size_t bytes = sizeof value[0];

    CHECK(find("stats.allocated", mib, &length) == 0, "mallctlnametomib");
    CHECK(by_mib(mib, length, &value[0], &bytes, NULL, 0) == 0 &&
              control("stats.allocated", &value[1], &bytes, NULL, 0) == 0 &&
              value[0] == value[1] && value[0] > 0,
          "stats.allocated");
}

static size_t written;

static void
count_message(void *opaque, const char *part)
{
    (void)opaque;
    written += strlen(part);
}

static void
use_stats_print(void)
{
    void (**message)(void *, const char *) = calls_find("malloc_message");
    const char **conf = calls_find("malloc_conf");

    CHECK(*message == NULL && *conf == NULL, "variables are set");
    *message = count_message;
    ((void (*)(void *, void *, const char *))calls_find("malloc_stats_print"))(
        NULL, NULL, NULL);
    *message = NULL;
    CHECK(written > 1000, "%zu bytes of statistics", written);
}

static const struct {
    const char *name;
    void (*use)(void);
} others[] = {
    {"mallocx", use_mallocx},
    {"rallocx", use_mallocx},
    {"xallocx", use_mallocx},
    {"sallocx", use_mallocx},
    {"dallocx", use_mallocx},
    {"sdallocx", use_mallocx},
    {"nallocx", use_mallocx},
    {"mallctl", use_mallctl},
    {"mallctlnametomib", use_mallctl},
    {"mallctlbymib", use_mallctl},
    {"malloc_stats_print", use_stats_print},
    {"malloc_message", use_stats_print},
    {"malloc_conf", use_stats_print},
    {"malloc_usable_size", use_usable_size},
    {"malloc_trim", use_trim},
    {"mallinfo", use_mallinfo},
    {"mallinfo2", use_mallinfo2},
    {"malloc_info", use_malloc_info},
    {"malloc_stats", use_malloc_stats},
    {"mallopt", use_mallopt},
    {"dlopen", use_dlopen},
    {"dlmopen", use_dlmopen},
    {"midpool_snapshot", use_snapshot},
    {"midpool_report", use_report},
    {"midpool_reset", use_reset},
    {"midpool_warmup", use_warmup},
    {"midpool_purge", use_purge},
    {"midpool_version", use_version},
};

static bool
use_other(const char *name)
{
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(others[i].name, name) == 0) {
            others[i].use();
            return true;
        }
    }
    return false;
}

static bool
use_alloc_call(const char *name)
{
    const struct alloc_call *call = alloc_calls;
    while (call->name && strcmp(call->name, name) != 0)
        call++;
    if (!call->name)
        return false;
    for (size_t i = 0; i < call_size_count; i++) {
        void *block = call->get(call_sizes[i]);
        CHECK(block != NULL, "%s(%zu)", name, call_sizes[i]);
        check_fill(block, call_sizes[i], 1);
        free(block);
    }
    return true;
}

static bool
use_free_call(const char *name)
{
    const struct free_call *call = free_calls;
    while (call->name && strcmp(call->name, name) != 0)
        call++;
    if (!call->name)
        return false;
    for (size_t i = 0; i < call_size_count; i++) {
        void *block = call->aligned ? aligned_alloc(256, call_sizes[i])
                                    : malloc(call_sizes[i]);
        call->put(block, call_sizes[i], 256);
        /* realloc(NULL, 0) is malloc(0). */
        if (strstr(name, "realloc") == NULL)
            call->put(NULL, 0, 256);
    }
    return true;
}

int
main(int argc, char **argv)
{
    calls_init();
    CHECK(argc > 40, "only %d names", argc - 1);
    for (int i = 1; i < argc; i++) {
        bool known = use_alloc_call(argv[i]);
        known |= use_free_call(argv[i]);
        known |= use_other(argv[i]);
        CHECK(known, "%s is exported and not exercised", argv[i]);
    }
    return 0;
}
