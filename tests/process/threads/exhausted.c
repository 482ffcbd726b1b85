/*
 * exhausted.c - threads start and allocate with no address space left.
 *
 * Everything under RLIMIT_AS is taken; then threads start on stacks that
 * were there before. Their calls may fail with ENOMEM; nothing may crash,
 * and once there is room again all calls succeed.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "calls.h"
#include "check.h"
#include "churn.h"

enum { THREADS = 24, STACK_BYTES = 256 * 1024 };

static char stack[THREADS][STACK_BYTES] __attribute__((aligned(4096)));
static unsigned failed[THREADS];
static unsigned served[THREADS];

static void *
run(void *argument)
{
    unsigned index = (unsigned)(uintptr_t)argument;
    for (size_t i = 0; i < call_size_count; i++) {
        errno = 0;
        char *block = malloc(call_sizes[i]);
        if (!block) {
            CHECK(errno == ENOMEM, "malloc(%zu) sets errno %d", call_sizes[i],
                  errno);
            failed[index]++;
            continue;
        }
        memset(block, 5, call_sizes[i]);
        served[index]++;
        char *larger = realloc(block, call_sizes[i] * 2 + 1);
        free(larger ? larger : block);
        free(calloc(1, call_sizes[i]));
    }
    return NULL;
}

static void
limit_address_space(void)
{
    unsigned long pages = 0;
    char text[64] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fgets(text, sizeof(text), file), "statm");
    fclose(file);
    pages = strtoul(text, NULL, 10);
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = pages * 4096 + (8u << 20);
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
}

static void
take_all(void)
{
    for (size_t bytes = 1 << 20; bytes >= 4096; bytes /= 2)
        while (mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                    0) != MAP_FAILED)
            ;
}

static void
start_threads(void)
{
    pthread_t thread[THREADS];
    unsigned started = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, stack[i], STACK_BYTES);
        int error = pthread_create(&thread[started], &attributes, run,
                                   (void *)(uintptr_t)i);
        /* glibc allocates the thread's vector itself and may fail. */
        CHECK(error == 0 || error == EAGAIN || error == ENOMEM, "error %d",
              error);
        if (error == 0)
            started++;
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
}

int
main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        churn_all_sizes(0); /* the allocator is in use before */
    limit_address_space();
    take_all();
    start_threads();
    struct rlimit limit;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
    unsigned before = failed[0];
    start_threads();
    CHECK(failed[0] == before, "calls fail with room to spare");
    churn_all_sizes(1);
    return 0;
}
