/*
 * tls_churn.c - ld.so's own memory: dynamic TLS in threads, dlopen, dlclose.
 *
 * Thread vectors and dynamic TLS blocks are allocated by the dynamic linker
 * and, since glibc 2.32, through the program's malloc once that is there:
 * what was allocated before must not be freed with it, nor lost.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "big_tls.h"
#include "check.h"
#include "churn.h"

enum { THREADS = 8 };

static __typeof__(big_tls_use) *use;
static pthread_barrier_t loaded, done;

static void *
run(void *argument)
{
    unsigned seed = (unsigned)(uintptr_t)argument;
    churn_all_sizes(seed);
    /* This thread is older than the library. */
    pthread_barrier_wait(&loaded);
    CHECK(use(seed % 100) == seed % 100 + 1, "dynamic TLS");
    churn_all_sizes(seed);
    pthread_barrier_wait(&done);
    pthread_barrier_wait(&done);
    return NULL;
}

static void *
run_late(void *argument)
{
    CHECK(use(7) == 8, "dynamic TLS");
    return argument;
}

int
main(int argc, char **argv)
{
    CHECK(argc == 2, "usage: tls_churn LIBRARY");
    for (unsigned round = 0; round < check_rounds(40, 2000); round++) {
        pthread_t thread[THREADS];
        pthread_barrier_init(&loaded, NULL, THREADS + 1);
        pthread_barrier_init(&done, NULL, THREADS + 1);
        for (uintptr_t i = 0; i < THREADS; i++)
            thread[i] = check_spawn(run, (void *)(i + round));
        void *library = dlopen(argv[1], RTLD_NOW);
        CHECK(library != NULL, "%s", dlerror());
        void *found = dlsym(library, "big_tls_use");
        memcpy(&use, &found, sizeof(use));
        pthread_barrier_wait(&loaded);
        pthread_join(check_spawn(run_late, NULL), NULL);
        pthread_barrier_wait(&done);
        /* Gone while threads still have its TLS; they end afterwards. */
        CHECK(dlclose(library) == 0, "dlclose");
        pthread_barrier_wait(&done);
        for (unsigned i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
    }
    return 0;
}
