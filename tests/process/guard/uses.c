/*
 * uses.c - correct uses of guarded buffers, and mistakes that a fork divides.
 *
 *     uses CASE [NUMBER]    status 0: all was as it should be
 *
 * Cases that end with a mistake are told so at their functions. Where no size
 * is named, buffers are whole pages: either side of them is protected.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "churn.h"

enum { BYTES = 8192, SMALL = 2048, LARGE = 65536, GAPS = 200 };

static unsigned number;

static char *
get(size_t bytes, unsigned seed)
{
    char *buffer = malloc(bytes);

    CHECK(buffer != NULL, "malloc of %zu bytes", bytes);
    check_fill(buffer, bytes, seed);
    return buffer;
}

static void
touch(volatile char *at)
{
    *at = 1;
}

static pid_t
fork_once(void)
{
    static const struct rlimit none = {0, 0};
    pid_t child = fork();

    CHECK(child >= 0, "fork");
    setrlimit(RLIMIT_CORE, &none);
    return child;
}

static void
expect_fault(pid_t child)
{
    int status;

    CHECK(waitpid(child, &status, 0) == child, "waitpid");
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV,
          "the child ends by SIGSEGV, not with status %d", status);
}

/* The child has the parent's buffers, and its frees are its own. */
static void
fork_keeps(void)
{
    char *kept = get(BYTES, 1);
    char *freed = get(BYTES, 2);
    pid_t child;

    free(freed);
    child = fork_once();
    if (child == 0) {
        char *own = get(BYTES, 3);

        CHECK(check_filled(kept, BYTES, 1), "the child has the content");
        check_fill(kept, BYTES, 4);
        free(kept);
        CHECK(check_filled(own, BYTES, 3), "and buffers of its own");
        free(own);
        exit(0);
    }
    check_child(child, "child");
    CHECK(check_filled(kept, BYTES, 1), "the parent's content is unchanged");
    free(kept);
}

/* The child uses a buffer that it freed itself; the parent has it still. */
static void
fork_child_frees(void)
{
    char *kept = get(BYTES, 1);
    pid_t child = fork_once();

    if (child == 0) {
        free(kept);
        touch(kept);
    }
    expect_fault(child);
    CHECK(check_filled(kept, BYTES, 1), "the parent has it still");
    free(kept);
}

/* The child uses a buffer that its parent freed, and then the parent does. */
static void
fork_both(void)
{
    char *freed = get(BYTES, 1);
    char *kept = get(BYTES, 2);
    pid_t child;

    free(freed);
    child = fork_once();
    if (child == 0)
        touch(freed);
    expect_fault(child);
    touch(kept + BYTES);
}

/* Of other threads' buffers in a child as well: it checks and ends. */
static void
fork_among_threads(void)
{
    churn_start(3);
    for (unsigned i = 0; i < 8; i++) {
        pid_t child = fork_once();

        if (child == 0) {
            for (unsigned j = 0; j < 50; j++)
                free(get(SMALL + 700 * j, j));
            exit(0);
        }
        check_child(child, "child");
    }
    churn_stop();
}

static void *
get_aligned(size_t align, size_t bytes, unsigned way)
{
    void *buffer = NULL;

    if (way == 0)
        return memalign(align, bytes);
    if (way == 1)
        return aligned_alloc(align, bytes);
    CHECK(posix_memalign(&buffer, align, bytes) == 0, "posix_memalign");
    return buffer;
}

static void
aligned(void)
{
    unsigned way = 0;

    for (size_t align = 16; align <= 4 * LARGE; align *= 2) {
        for (size_t bytes = SMALL; bytes <= LARGE; bytes += 3 * SMALL + 64) {
            char *buffer = get_aligned(align, bytes, way++ % 3);

            CHECK(buffer != NULL && (uintptr_t)buffer % align == 0,
                  "%p is aligned to %zu", (void *)buffer, align);
            CHECK(malloc_usable_size(buffer) >= bytes, "usable");
            check_fill(buffer, bytes, way);
            free(buffer);
        }
    }
    for (unsigned i = 0; i < 20; i++) {
        free(valloc(5000));
        free(pvalloc(5000));
    }
}

/* GAPS writes to the byte behind the buffer, which alignment leaves there. */
static void
aligned_gaps(void)
{
    for (unsigned i = 0; i < GAPS; i++) {
        size_t align = (size_t)16 << (i % 9);
        size_t bytes = SMALL + 1 + 256 * (i % 200);
        char *buffer = get_aligned(align, bytes, 2);

        touch(buffer + bytes);
        free(buffer);
    }
}

static void
resize(void)
{
    static const size_t sizes[] = {SMALL, SMALL,     2049,      5000,  5000,
                                   100,   LARGE,     LARGE + 1, LARGE, 16384,
                                   16400, 3 * LARGE, 2048};
    size_t held = 3000;
    char *buffer = get(held, 1);

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *moved = realloc(buffer, sizes[i]);
        size_t kept = held < sizes[i] ? held : sizes[i];

        CHECK(moved != NULL, "realloc");
        CHECK(check_filled(moved, kept, (unsigned)i + 1), "the content");
        CHECK((moved == buffer) == (held == sizes[i]) || sizes[i] < SMALL ||
                  sizes[i] > LARGE,
              "%zu to %zu bytes stays only without a change", held, sizes[i]);
        buffer = moved;
        held = sizes[i];
        check_fill(buffer, held, (unsigned)i + 2);
    }
    free(buffer);
}

/* A mistake: the old address, after a realloc that moved. */
static void
resize_and_use_the_old(void)
{
    char *volatile old = get(BYTES, 1);
    char *moved = realloc(old, 2 * BYTES);

    CHECK(moved != old, "it moves");
    touch(old);
}

/* A mistake: shrunk in size only, and used as if it had not been. */
static void
resize_and_use_the_rest(void)
{
    char *buffer = realloc(get(2 * BYTES, 1), BYTES);

    touch(buffer + BYTES + 1);
}

/* All that malloc_usable_size says may be used. */
static void
usable(void)
{
    for (size_t bytes = SMALL; bytes <= LARGE; bytes += 509) {
        char *buffer = malloc(bytes);

        CHECK(malloc_usable_size(buffer) == bytes, "%zu of %zu bytes",
              malloc_usable_size(buffer), bytes);
        memset(buffer, 1, malloc_usable_size(buffer));
        free(buffer);
    }
}

/* Every slot, and some twice. */
static void
zero(void)
{
    static const char zeros[LARGE];

    for (unsigned i = 0; i < 1200; i++) {
        size_t bytes = SMALL + i * 37 % (LARGE - SMALL);
        char *buffer = calloc(1, bytes);

        CHECK(memcmp(buffer, zeros, bytes) == 0, "%zu bytes", bytes);
        memset(buffer, 0xff, bytes);
        free(buffer);
    }
}

/* In each of number children: a buffer is used after its free. */
static void
freed_bytes(void)
{
    for (unsigned i = 0; i < number; i++) {
        pid_t child = fork_once();
        int status;

        if (child == 0) {
            char *volatile buffer = get(4096, i);

            free(buffer);
            touch(buffer + 100);
            for (unsigned j = 0; j < 30; j++)
                (void)get(4096, j);
            exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child, "waitpid");
        CHECK(WIFSIGNALED(status) &&
                  (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGABRT),
              "child %u goes on, with status %d", i, status);
    }
}

int
main(int count, char **words)
{
    static const struct check_case cases[] = {
        {"fork_keeps", fork_keeps},
        {"fork_child_frees", fork_child_frees},
        {"fork_both", fork_both},
        {"fork_among_threads", fork_among_threads},
        {"aligned", aligned},
        {"aligned_gaps", aligned_gaps},
        {"resize", resize},
        {"resize_and_use_the_old", resize_and_use_the_old},
        {"resize_and_use_the_rest", resize_and_use_the_rest},
        {"usable", usable},
        {"zero", zero},
        {"freed_bytes", freed_bytes},
    };

    number = count > 2 ? (unsigned)atoi(words[2]) : 0;
    CHECK_RUN_CASE(cases, words[1]);
    return 0;
}
