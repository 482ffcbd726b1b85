/*
 * jemalloc_calls_back.c - where jemalloc calls the program: for messages and
 * statistics, and for the memory of an arena. By its manual.
 *
 *     jemalloc_calls_back CASE
 *
 * Linked with libjemalloc, as jemalloc_blocks.c.
 */
#include <jemalloc/jemalloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

/* An arena whose memory is the program's own, from wherever it likes. */
static unsigned hook_calls;

static void *
hook_alloc(extent_hooks_t *hooks, void *address, size_t size, size_t align,
           bool *zero, bool *commit, unsigned arena)
{
    char *area;

    (void)hooks;
    (void)arena;
    if (address != NULL)
        return NULL;
    area = mmap(NULL, size + align, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED)
        return NULL;
    hook_calls++;
    *zero = *commit = true;
    return (void *)(((uintptr_t)area + align - 1) / align * align);
}

static extent_hooks_t own_hooks = {.alloc = hook_alloc};

static void
own_memory(void)
{
    extent_hooks_t *hooks = &own_hooks;
    unsigned arena;
    size_t bytes = sizeof arena;

    CHECK(mallctl("arenas.create", &arena, &bytes, &hooks, sizeof hooks) == 0,
          "create");
    for (size_t size = 100; size < 1000000; size = size * 3 / 2) {
        int flags = MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE;
        char *block[4];

        for (unsigned i = 0; i < 4; i++) {
            block[i] = mallocx(size, flags);
            CHECK(malloc_usable_size(block[i]) >= size, "usable size");
            check_fill(block[i], size, i);
        }
        free(block[0]);
        dallocx(block[1], 0);
        block[2] = realloc(block[2], size * 2);
        CHECK(check_filled(block[2], size, 2), "lost by realloc");
        block[3] = rallocx(block[3], 5000, 0);
        CHECK(check_filled(block[3], size < 5000 ? size : 5000, 3),
              "lost by rallocx");
        free(block[2]);
        sdallocx(block[3], 5000, 0);
    }
    CHECK(hook_calls > 0, "the hooks were not used");
    free(malloc(5000));
    free(strdup("of libc"));
}

static char text[1 << 22];
static size_t text_bytes;
static bool allocates;

static void
collect(void *opaque, const char *part)
{
    size_t length = strlen(part);

    CHECK(opaque == text, "%p for opaque", opaque);
    CHECK(text_bytes + length < sizeof text, "too much");
    memcpy(text + text_bytes, part, length + 1);
    text_bytes += length;
    if (allocates)
        free(malloc(3000));
}

static void
print(const char *with)
{
    text_bytes = 0;
    malloc_stats_print(collect, text, with);
}

static void
check_has(const char *part, bool wanted)
{
    CHECK((strstr(text, part) != NULL) == wanted, "%s is %sthere: %.300s", part,
          wanted ? "not " : "", text);
}

static void
printing(void)
{
    void *block = malloc(5000);

    allocates = true;
    for (unsigned i = 0; i < 2; i++) {
        print(i == 0 ? NULL : "gmdablxe");
        check_has("jemalloc statistics", true);
        check_has("Allocated:", true);
        check_has("Version:", i == 0);
        check_has("midpool", check_preloaded());
    }
    allocates = false;
    free(block);
}

/* The driver reads it. */
static void
printing_json(void)
{
    print("J");
    fwrite(text, 1, text_bytes, stdout);
}

static void
take_message(void *opaque, const char *part)
{
    (void)opaque;
    collect(text, part);
}

static void
messages(void)
{
    malloc_message = take_message;
    text_bytes = 0;
    malloc_stats_print(NULL, NULL, "");
    check_has("jemalloc statistics", true);
    check_has("midpool", check_preloaded());
}

static const struct check_case cases[] = {
    {"own_memory", own_memory},
    {"printing", printing},
    {"printing_json", printing_json},
    {"messages", messages},
};

int
main(int argc, char **argv)
{
    CHECK_RUN_CASE(cases, argc > 1 ? argv[1] : NULL);
    return 0;
}
