/*
 * jemalloc_control.c - mallctl and its like, and malloc_conf, by jemalloc's
 * manual.
 *
 *     jemalloc_control CASE
 *
 * Linked with libjemalloc, as jemalloc_blocks.c.
 */
#include <errno.h>
#include <jemalloc/jemalloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

enum { ARENAS = 3, ARENAS_BY_ENVIRONMENT = 2, PAGE = 4096 };

/* The program's own options; read before main. */
const char *malloc_conf = "narenas:3,dirty_decay_ms:600000";

static const char *const sums[] = {"stats.allocated", "stats.active",
                                   "stats.metadata",  "stats.resident",
                                   "stats.mapped",    "stats.retained"};
enum { ALLOCATED, ACTIVE, METADATA, RESIDENT, MAPPED, RETAINED, SUMS };

static size_t
read_size(const char *name)
{
    size_t value = SIZE_MAX;
    size_t bytes = sizeof value;

    CHECK(mallctl(name, &value, &bytes, NULL, 0) == 0, "%s", name);
    CHECK(bytes == sizeof value, "%s has %zu bytes", name, bytes);
    return value;
}

static unsigned
read_unsigned(const char *name)
{
    unsigned value = 0;
    size_t bytes = sizeof value;

    CHECK(mallctl(name, &value, &bytes, NULL, 0) == 0, "%s", name);
    return value;
}

static uint64_t
refresh(void)
{
    uint64_t epoch = 1;
    size_t bytes = sizeof epoch;

    CHECK(mallctl("epoch", &epoch, &bytes, &epoch, bytes) == 0, "epoch");
    return epoch;
}

static void
read_sums(size_t *value)
{
    for (unsigned i = 0; i < SUMS; i++)
        value[i] = read_size(sums[i]);
}

/* All sums include the program's live blocks, after a write to epoch. */
static void
statistics(void)
{
    enum { COUNT = 500 };
    static void *block[COUNT];
    size_t before[SUMS];
    size_t after[SUMS];
    size_t total = 0;

    refresh();
    read_sums(before);
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = 1000 + i * 397;

        block[i] = memset(i % 2 ? malloc(size) : mallocx(size, 0), 1, size);
        total += size;
    }
    read_sums(after);
    CHECK(memcmp(before, after, sizeof before) == 0, "changed without epoch");
    refresh();
    read_sums(after);
    for (unsigned i = ALLOCATED; i <= MAPPED; i++) {
        CHECK(i == METADATA || after[i] >= before[i] + total,
              "%s: %zu, then %zu with %zu more", sums[i], before[i], after[i],
              total);
    }
    CHECK(after[ALLOCATED] <= before[ALLOCATED] + total * 5 / 4,
          "%zu allocated, of %zu", after[ALLOCATED], total);
    CHECK(after[ACTIVE] >= after[ALLOCATED] && after[ACTIVE] % PAGE == 0,
          "%zu active", after[ACTIVE]);
    CHECK(after[RESIDENT] > after[ACTIVE] && after[RESIDENT] % PAGE == 0,
          "%zu resident", after[RESIDENT]);
    CHECK(after[MAPPED] > after[ACTIVE], "%zu mapped", after[MAPPED]);
    CHECK(after[METADATA] > 0, "no metadata");
    for (size_t i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(mallctl("thread.tcache.flush", NULL, NULL, NULL, 0) == 0, "flush");
    refresh();
    read_sums(after);
    CHECK(after[ALLOCATED] < before[ALLOCATED] + total / 10,
          "%zu allocated after all was freed", after[ALLOCATED]);
    CHECK(after[ACTIVE] < before[ACTIVE] + total / 5,
          "%zu active after all was freed", after[ACTIVE]);
}

/* Each way to purge gives memory back: RSS falls, and stats.resident. */
static void
check_purge(const char *what, int (*purge)(void))
{
    enum { COUNT = 700, BYTES = 30000 };
    static char *block[COUNT];
    size_t resident;
    size_t full;

    for (unsigned i = 0; i < COUNT; i++)
        block[i] = memset(malloc(BYTES), 1, BYTES);
    full = check_rss_bytes();
    refresh();
    resident = read_size("stats.resident");
    for (unsigned i = 0; i < COUNT; i++)
        free(block[i]);
    CHECK(mallctl("thread.tcache.flush", NULL, NULL, NULL, 0) == 0, "flush");
    refresh();
    CHECK(read_size("stats.resident") > resident - COUNT * BYTES / 4,
          "%s: given back before the purge", what);
    CHECK(purge() == 0, "%s", what);
    CHECK(check_rss_bytes() < full - (size_t)COUNT * BYTES * 3 / 4,
          "%s: RSS %zu, then %zu", what, full, check_rss_bytes());
    refresh();
    CHECK(read_size("stats.resident") < resident - COUNT * BYTES * 3 / 4,
          "%s: resident %zu, then %zu", what, resident,
          read_size("stats.resident"));
}

static int
purge_all(void)
{
    return mallctl("arena.4096.purge", NULL, NULL, NULL, 0);
}

/* As redis asks for it: beyond the last arena stands for all. */
static int
purge_beyond(void)
{
    char name[32];

    snprintf(name, sizeof name, "arena.%u.purge",
             read_unsigned("arenas.narenas"));
    return mallctl(name, NULL, NULL, NULL, 0);
}

static int
purge_each_by_mib(void)
{
    size_t mib[3];
    size_t length = 3;
    int error = mallctlnametomib("arena.0.purge", mib, &length);

    for (size_t i = 0; i < read_unsigned("arenas.narenas") && !error; i++) {
        bool there = false;
        size_t bytes = sizeof there;
        char name[40];

        snprintf(name, sizeof name, "arena.%zu.initialized", i);
        CHECK(mallctl(name, &there, &bytes, NULL, 0) == 0, "%s", name);
        mib[1] = i;
        if (there)
            error = mallctlbymib(mib, length, NULL, NULL, NULL, 0);
    }
    return error;
}

/* To set it purges, unless it is set to -1. */
static int
purge_by_decay(void)
{
    ssize_t at_once = 0;
    ssize_t usual = 600000;

    for (unsigned i = 0; i < read_unsigned("opt.narenas"); i++) {
        char name[40];

        snprintf(name, sizeof name, "arena.%u.dirty_decay_ms", i);
        if (mallctl(name, NULL, NULL, &at_once, sizeof at_once) != 0)
            continue;
        CHECK(mallctl(name, NULL, NULL, &usual, sizeof usual) == 0, "%s", name);
    }
    return 0;
}

/*
 * Each way is a case of its own: once a process has purged, jemalloc 5.2 gives
 * the greater part of what is freed later back at once.
 */
static void
purging_beyond(void)
{
    check_purge("beyond the last arena", purge_beyond);
}

static void
purging_by_mib(void)
{
    check_purge("each arena by mib", purge_each_by_mib);
}

static void
purging_by_decay(void)
{
    check_purge("dirty_decay_ms", purge_by_decay);
}

static void
purging(void)
{
    check_purge("arena.4096.purge", purge_all);
#if JEMALLOC_VERSION_MINOR >= 3 /* jemalloc 5.2 has no such name */
    CHECK(mallctl("thread.idle", NULL, NULL, NULL, 0) == 0, "thread.idle");
#endif
    CHECK(mallctl("arena.4096.decay", NULL, NULL, NULL, 0) == 0, "decay");
}

/* An arena of the program's own is not what malloc's memory lies in. */
static void
purging_elsewhere(void)
{
    enum { COUNT = 700, BYTES = 30000 };
    static char *block[COUNT];
    unsigned arena;
    size_t bytes = sizeof arena;
    char name[32];
    size_t full;

    CHECK(mallctl("arenas.create", &arena, &bytes, NULL, 0) == 0, "create");
    snprintf(name, sizeof name, "arena.%u.purge", arena);
    for (unsigned i = 0; i < COUNT; i++)
        block[i] = memset(malloc(BYTES), 1, BYTES);
    for (unsigned i = 0; i < COUNT; i++)
        free(block[i]);
    full = check_rss_bytes();
    CHECK(mallctl(name, NULL, NULL, NULL, 0) == 0, "%s", name);
    CHECK(check_rss_bytes() > full - COUNT * BYTES / 4, "RSS %zu, then %zu",
          full, check_rss_bytes());
}

/* How many bytes a value of 8 gives where the program wants count. */
static size_t
bytes_told(size_t count)
{
#if JEMALLOC_VERSION_MINOR >= 3
    return count < 8 ? count : 8;
#else
    return count; /* jemalloc 5.2 leaves it as it was */
#endif
}

static void
check_errors_of(const char *name)
{
    uint64_t value[2] = {0, 0};
    size_t bytes = 4;
    size_t mib[8];
    size_t length = 8;

    CHECK(mallctl(name, value, &bytes, NULL, 0) == EINVAL &&
              bytes == bytes_told(4),
          "%s into 4 bytes: %zu read", name, bytes);
    bytes = 16;
    CHECK(mallctl(name, value, &bytes, NULL, 0) == EINVAL &&
              bytes == bytes_told(16),
          "%s into 16 bytes: %zu read", name, bytes);
    CHECK(mallctl(name, NULL, NULL, NULL, 0) == 0, "%s, unread", name);
    if (strcmp(name, "epoch") != 0)
        CHECK(mallctl(name, NULL, NULL, value, 8) == EPERM, "%s written", name);
    else
        CHECK(mallctl(name, NULL, NULL, value, 4) == EINVAL, "%s of 4", name);
    CHECK(mallctlnametomib(name, mib, &length) == 0, "%s", name);
    bytes = 4;
    CHECK(mallctlbymib(mib, length, value, &bytes, NULL, 0) == EINVAL,
          "%s by mib into 4 bytes", name);
}

static void
errors(void)
{
    unsigned wrong = 1000000;
    size_t mib[8] = {4711, 1};
    size_t length = 8;
    size_t bytes = sizeof mib;

    for (unsigned i = 0; i < SUMS; i++)
        check_errors_of(sums[i]);
    check_errors_of("epoch");
    check_errors_of("thread.allocated");
    check_errors_of("version");
    CHECK(mallctl("no.such", mib, &bytes, NULL, 0) == ENOENT, "no.such");
    CHECK(mallctl("stats", mib, &bytes, NULL, 0) == ENOENT, "stats");
    CHECK(mallctl("stats.allocated.more", mib, &bytes, NULL, 0) == ENOENT,
          "beyond a name");
    CHECK(mallctlnametomib("no.such", mib, &length) == ENOENT, "no.such");
    mib[0] = 4711;
    CHECK(mallctlbymib(mib, 2, NULL, NULL, NULL, 0) == ENOENT, "mib 4711.1");
    CHECK(mallctl("arena.4096.purge", mib, &bytes, NULL, 0) == EPERM,
          "purge read");
    CHECK(mallctl("arena.4096.purge", NULL, NULL, mib, 8) == EPERM,
          "purge written");
    CHECK(mallctl("thread.tcache.flush", NULL, NULL, mib, 8) == EPERM,
          "flush written");
    CHECK(mallctl("thread.arena", NULL, NULL, &wrong, sizeof wrong) == EFAULT,
          "arena 1000000");
    bytes = 3;
    CHECK(mallctl("arenas.create", &wrong, &bytes, NULL, 0) == EINVAL,
          "an arena into 3 bytes");
#if JEMALLOC_VERSION_MINOR >= 3 /* jemalloc 5.2 writes a part of its number */
    CHECK(bytes == 0 && wrong == 1000000, "%zu bytes of %u", bytes, wrong);
#endif
}

static void
names_and_mibs(void)
{
    const char *version = NULL;
    size_t bytes = sizeof version;
    uint64_t epoch = refresh();
    unsigned bins = read_unsigned("arenas.nbins");
    size_t mib[8];
    size_t length;

    CHECK(mallctl("version", &version, &bytes, NULL, 0) == 0 &&
              version[0] >= '3' && version[0] <= '9',
          "version");
    CHECK(refresh() == epoch + 1, "epoch");
    for (unsigned i = 0; i < SUMS; i++) {
        size_t value;

        bytes = sizeof value;
        length = 8;
        CHECK(mallctlnametomib(sums[i], mib, &length) == 0 && length == 2,
              "%s has %zu parts", sums[i], length);
        CHECK(mallctlbymib(mib, length, &value, &bytes, NULL, 0) == 0 &&
                  value == read_size(sums[i]),
              "%s by mib", sums[i]);
    }
    /* A part of a name, which the program completes. */
    length = 3;
    CHECK(mallctlnametomib("arenas.bin.0.size", mib, &length) == 0 &&
              length == 3,
          "part of a mib");
    length = 8;
    CHECK(mallctlnametomib("arenas.bin.0.size", mib, &length) == 0 &&
              length == 4,
          "%zu parts", length);
    for (size_t i = 0, last = 0, size = 0; i < bins; i++) {
        mib[2] = i;
        bytes = sizeof size;
        CHECK(mallctlbymib(mib, length, &size, &bytes, NULL, 0) == 0 &&
                  size > last,
              "bin %zu", i);
        last = size;
    }
}

/* Options of the program, and those of the environment, which come later. */
static void
options(void)
{
    CHECK(read_unsigned("opt.narenas") == ARENAS, "%u arenas",
          read_unsigned("opt.narenas"));
    CHECK(read_size("opt.dirty_decay_ms") == 600000, "decay");
}

static void
options_of_environment(void)
{
    CHECK(read_unsigned("opt.narenas") == ARENAS_BY_ENVIRONMENT, "%u arenas",
          read_unsigned("opt.narenas"));
    CHECK(read_size("opt.dirty_decay_ms") == 600000, "decay");
}

/* How folly, RocksDB and others find out that malloc is jemalloc's. */
static void
detection(void)
{
    uint64_t *counter = NULL;
    uint64_t *returned = NULL;
    size_t bytes = sizeof counter;
    uint64_t before;
    void *block;

    CHECK(mallctl("thread.allocatedp", &counter, &bytes, NULL, 0) == 0 &&
              mallctl("thread.deallocatedp", &returned, &bytes, NULL, 0) == 0,
          "thread.allocatedp");
    before = *counter;
    block = malloc(1);
    CHECK(*counter > before, "malloc is not seen");
    CHECK(read_size("thread.allocated") == *counter, "not the value of it");
    before = *returned;
    free(block);
    CHECK(*returned > before, "free is not seen");
    CHECK(read_size("thread.deallocated") == *returned, "not the value of it");
}

static void
explicit_caches(void)
{
    unsigned cache;
    size_t bytes = sizeof cache;
    void *block[100];

    CHECK(mallctl("tcache.create", &cache, &bytes, NULL, 0) == 0, "create");
    for (unsigned i = 0; i < 100; i++)
        block[i] = mallocx(3000, MALLOCX_TCACHE(cache));
    for (unsigned i = 0; i < 100; i++)
        dallocx(block[i], MALLOCX_TCACHE(cache));
    CHECK(mallctl("tcache.flush", NULL, NULL, &cache, sizeof cache) == 0,
          "flush");
    CHECK(mallctl("tcache.destroy", NULL, NULL, &cache, sizeof cache) == 0,
          "destroy");
}

static const struct check_case cases[] = {
    {"statistics", statistics},
    {"purging", purging},
    {"purging_beyond", purging_beyond},
    {"purging_by_mib", purging_by_mib},
    {"purging_by_decay", purging_by_decay},
    {"purging_elsewhere", purging_elsewhere},
    {"errors", errors},
    {"names_and_mibs", names_and_mibs},
    {"options", options},
    {"options_of_environment", options_of_environment},
    {"detection", detection},
    {"explicit_caches", explicit_caches},
};

int
main(int argc, char **argv)
{
    CHECK_RUN_CASE(cases, argc > 1 ? argv[1] : NULL);
    return 0;
}
