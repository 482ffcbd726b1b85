/*
 * jemalloc_mixed.c - jemalloc's own functions among the standard ones: a
 * block of one may be resized and given back by any other.
 *
 *     jemalloc_mixed CASE
 *
 * Linked with libjemalloc, as jemalloc_blocks.c.
 */
#include <jemalloc/jemalloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

static unsigned arena;
static unsigned cache;

/* Every way to get a block, resize it and give it back, in every mixture. */
enum { GETS = 12, RESIZES = 9, PUTS = 6 };

static void *
get_by(unsigned way, size_t size)
{
    void *block = NULL;

    switch (way) {
    case 0:
        return malloc(size);
    case 1:
        return calloc(1, size);
    case 2:
        return realloc(NULL, size);
    case 3:
        return aligned_alloc(64, (size + 63) & ~(size_t)63);
    case 4:
        return posix_memalign(&block, 4096, size) == 0 ? block : NULL;
    case 5:
        return memalign(65536, size);
    case 6:
        return mallocx(size, 0);
    case 7:
        return mallocx(size, MALLOCX_ZERO);
    case 8:
        return mallocx(size, MALLOCX_ALIGN(4096));
    case 9:
        return mallocx(size, MALLOCX_TCACHE_NONE);
    case 10:
        return mallocx(size, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE);
    default:
        return mallocx(size, MALLOCX_TCACHE(cache));
    }
}

static void *
resize_by(unsigned way, void *block, size_t size)
{
    switch (way) {
    case 0:
        return realloc(block, size);
    case 1:
        return rallocx(block, size, 0);
    case 2:
        return rallocx(block, size, MALLOCX_ZERO);
    case 3:
        return rallocx(block, size, MALLOCX_ALIGN(4096));
    case 4:
        return rallocx(block, size, MALLOCX_ALIGN(65536));
    case 5:
        return rallocx(block, size, MALLOCX_TCACHE_NONE);
    case 6:
        return rallocx(block, size, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE);
    case 7:
        return reallocarray(block, 1, size);
    default:
        return xallocx(block, size, 0, 0) >= size ? block : NULL;
    }
}

static void
put_by(unsigned way, void *block, size_t size)
{
    switch (way) {
    case 0:
        free(block);
        break;
    case 1:
        dallocx(block, 0);
        break;
    case 2:
        dallocx(block, MALLOCX_TCACHE_NONE);
        break;
    case 3:
        dallocx(block, MALLOCX_TCACHE(cache));
        break;
    case 4:
        sdallocx(block, sallocx(block, 0), 0);
        break;
    default:
        /* A size is right for the function that asked for it only. */
        (void)size;
        CHECK(realloc(block, 0) == NULL, "realloc to 0");
    }
}

static void
mix(unsigned get, unsigned resize, unsigned put, size_t size, size_t next)
{
    char *block = get_by(get, size);
    size_t kept = size < next ? size : next;
    char *moved;

    CHECK(block != NULL, "get %u of %zu", get, size);
    check_fill(block, size, get);
    moved = resize_by(resize, block, next);
    if (moved == NULL) { /* xallocx only */
        CHECK(resize == RESIZES - 1, "resize %u to %zu", resize, next);
        kept = size;
        next = size;
        moved = block;
    }
    CHECK(check_filled(moved, kept, get), "get %u, resize %u: %zu lost", get,
          resize, kept);
    CHECK(sallocx(moved, 0) >= next, "get %u, resize %u: real %zu of %zu", get,
          resize, sallocx(moved, 0), next);
    put_by(put, moved, next);
}

static void
pairs(void)
{
    static const size_t edges[] = {1,     16,    2047,  2048,  4600,   14336,
                                   16385, 65536, 65537, 90000, 2 << 20};
    const unsigned count = sizeof edges / sizeof edges[0];

    for (unsigned i = 0; i < GETS * RESIZES * PUTS; i++) {
        for (unsigned from = i % 3; from < count; from += 3) {
            unsigned to = (from * 7 + i) % count;

            mix(i % GETS, i / GETS % RESIZES, i / GETS / RESIZES, edges[from],
                edges[to]);
        }
    }
}

enum { THREADS = 64, ROUNDS = 60, SLOTS = 512 };
static void *shared[SLOTS]; /* changed by exchange only */

/* Threads put what others got, by any function. */
static void *
mix_in_thread(void *argument)
{
    uint64_t random = 1 + (uintptr_t)argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t size = 1 + check_random(&random) % 100000;
        unsigned way = (unsigned)(check_random(&random) % (GETS - 1));
        char *block = get_by(way, size);

        CHECK(block != NULL && sallocx(block, 0) >= size, "get %u", way);
        block[0] = block[size - 1] = 1;
        block = rallocx(block, 1 + check_random(&random) % 100000, 0);
        CHECK(block[0] == 1, "lost");
        block = __atomic_exchange_n(&shared[check_random(&random) % SLOTS],
                                    block, __ATOMIC_ACQ_REL);
        if (block != NULL)
            put_by((unsigned)(check_random(&random) % 3), block, 0);
    }
    return NULL;
}

static void
use_all(void)
{
    for (unsigned way = 0; way < GETS; way++)
        free(get_by(way, 3000 + 30000 * way));
}

static void
check_in_child(void)
{
    use_all();
    CHECK(mallctl("arena.4096.purge", NULL, NULL, NULL, 0) == 0, "purge");
    for (unsigned i = 0; i < SLOTS; i++) {
        if (shared[i] != NULL)
            put_by(i % 3, shared[i], 0);
    }
}

/* With forks meanwhile, whose children use and give back all of it. */
static void
threads(void)
{
    pthread_t thread[THREADS];

    for (uintptr_t i = 0; i < THREADS; i++)
        thread[i] = check_spawn(mix_in_thread, (void *)i);
    for (unsigned i = 0; i < 5; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            use_all();
            _exit(0);
        }
        CHECK(pid > 0, "fork");
        check_child(pid, "child of a fork beside threads");
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);

    pid_t pid = fork();

    if (pid == 0) {
        check_in_child();
        _exit(0);
    }
    check_child(pid, "child");
    check_in_child();
}

static const struct check_case cases[] = {
    {"pairs", pairs},
    {"threads", threads},
};

int
main(int argc, char **argv)
{
    size_t bytes = sizeof arena;

    CHECK(mallctl("arenas.create", &arena, &bytes, NULL, 0) == 0, "arena");
    CHECK(mallctl("tcache.create", &cache, &bytes, NULL, 0) == 0, "cache");
    CHECK_RUN_CASE(cases, argc > 1 ? argv[1] : NULL);
    return 0;
}
