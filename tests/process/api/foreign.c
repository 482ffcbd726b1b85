/*
 * foreign.c - memory that crosses between allocators.
 *
 *     foreign plain|deepbind|kept|dlmopen LIBRARY
 *
 * Memory that the library gives away is freed, resized and measured here, as
 * programs do. With "plain" and "deepbind" the library also frees memory of
 * the program, and memory that libc allocated on its behalf (strdup, getline,
 * realpath). With "kept", for the option deepbind:keep, and with "dlmopen" it
 * has the C library's malloc, and only the first way is open.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "check.h"
#include "foreign_dso.h"

static void *library;

static void
find(void *slot, const char *name)
{
    void *found = dlsym(library, name);
    CHECK(found != NULL, "%s", name);
    memcpy(slot, &found, sizeof(found));
}

static __typeof__(foreign_malloc) *their_malloc;
static __typeof__(foreign_free) *their_free;
static __typeof__(foreign_aligned) *their_aligned;
static __typeof__(foreign_strdup) *their_strdup;
static __typeof__(foreign_getline) *their_getline;
static __typeof__(foreign_realpath) *their_realpath;
static __typeof__(foreign_work) *their_work;

static void
load(const char *path, const char *how)
{
    if (strcmp(how, "dlmopen") == 0)
        library = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
    else if (strcmp(how, "plain") == 0)
        library = dlopen(path, RTLD_NOW);
    else
        library = dlopen(path, RTLD_NOW | RTLD_DEEPBIND);
    CHECK(library != NULL, "%s", dlerror());
    find(&their_malloc, "foreign_malloc");
    find(&their_free, "foreign_free");
    find(&their_aligned, "foreign_aligned");
    find(&their_strdup, "foreign_strdup");
    find(&their_getline, "foreign_getline");
    find(&their_realpath, "foreign_realpath");
    find(&their_work, "foreign_work");
}

/* Their memory in our hands. */
static void
take_over(void)
{
    for (size_t i = 0; i < call_size_count; i++) {
        size_t size = call_sizes[i];
        char *ptr = their_malloc(size);
        CHECK(ptr != NULL, "their malloc(%zu)", size);
        CHECK(malloc_usable_size(ptr) >= size, "usable size of %zu", size);
        check_fill(ptr, size, 4);
        ptr = realloc(ptr, size + 3000);
        CHECK(ptr && check_filled(ptr, size, 4), "realloc of their %zu", size);
        free(ptr);
        free(their_malloc(size));
        free(their_aligned(4096, size));
        ptr = their_malloc(size);
        CHECK(realloc(ptr, 0) == NULL, "realloc(p, 0) of their %zu", size);
    }
}

static void
take_over_text(void)
{
    for (unsigned i = 0; i < 200; i++) {
        char *text = their_strdup("some words");
        CHECK(text && strcmp(text, "some words") == 0, "strdup");
        free(text);
        text = their_getline("/proc/self/status");
        CHECK(text && strncmp(text, "Name:", 5) == 0, "getline");
        text = realloc(text, 9000);
        free(text);
        text = their_realpath("/proc/..");
        CHECK(text && strcmp(text, "/") == 0, "realpath");
        free(text);
    }
}

/* Our memory in their hands. */
static void
hand_out(void)
{
    for (size_t i = 0; i < call_size_count; i++)
        their_free(malloc(call_sizes[i]));
    their_free(strdup("some words"));
}

/* The foreign library frees blocks that libc allocated for it. */
static void
keep_among_them(void)
{
    for (unsigned i = 0; i < 200; i++) {
        their_free(their_strdup("some words"));
        their_free(their_getline("/proc/self/status"));
        their_free(their_realpath("/proc/.."));
    }
}

int
main(int argc, char **argv)
{
    CHECK(argc == 3, "usage: foreign HOW LIBRARY");
    load(argv[2], argv[1]);
    CHECK(their_work() == FOREIGN_WORK_BLOCKS, "%u blocks", their_work());
    if (strcmp(argv[1], "plain") == 0 || strcmp(argv[1], "deepbind") == 0) {
        hand_out();
        keep_among_them();
    }
    if (strcmp(argv[1], "dlmopen") != 0)
        take_over();
    if (strcmp(argv[1], "dlmopen") != 0)
        take_over_text();
    CHECK(their_work() == FOREIGN_WORK_BLOCKS, "%u blocks", their_work());
    CHECK(dlclose(library) == 0, "dlclose");
    free(malloc(5000));
    return 0;
}
