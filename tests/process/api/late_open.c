/*
 * late_open.c - the library is opened with dlopen, used, closed.
 *
 *     late_open LIBRARY
 *
 * Without preload its functions are found through dlsym and used beside the
 * C library's; threads that used them end after dlclose, when a key's
 * destructor or TLS of the library must not be gone. An open that fails for
 * want of static TLS is a clean answer as well.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { THREADS = 8 };

static void *(*their_malloc)(size_t);
static void (*their_free)(void *);
static pthread_barrier_t used;

static void *
run(void *argument)
{
    for (size_t size = 100; size < 200000; size = size * 3 / 2) {
        char *block = their_malloc(size);
        CHECK(block != NULL, "malloc(%zu)", size);
        memset(block, 1, size);
        their_free(block);
    }
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&used);
    return argument;
}

static void
find(void *slot, void *library, const char *name)
{
    void *found = dlsym(library, name);
    CHECK(found != NULL, "%s", name);
    memcpy(slot, &found, sizeof(found));
}

int
main(int argc, char **argv)
{
    CHECK(argc == 2, "usage: late_open LIBRARY");
    pthread_barrier_init(&used, NULL, THREADS + 1);
    for (unsigned round = 0; round < 20; round++) {
        void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
        if (!library) {
            CHECK(!check_preloaded(), "%s", dlerror());
            printf("%s\n", dlerror());
            return 0;
        }
        find(&their_malloc, library, "malloc");
        find(&their_free, library, "free");
        pthread_t thread[THREADS];
        for (unsigned i = 0; i < THREADS; i++)
            thread[i] = check_spawn(run, NULL);
        pthread_barrier_wait(&used);
        CHECK(dlclose(library) == 0, "dlclose");
        pthread_barrier_wait(&used);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
    }
    return 0;
}
