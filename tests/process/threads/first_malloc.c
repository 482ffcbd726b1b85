/*
 * first_malloc.c - the first calls of 64 threads come at once.
 *
 * The main thread has not allocated before (what libraries do before main
 * cannot be helped), each thread's first call is another size.
 */
#include <pthread.h>
#include <stdlib.h>

#include "calls.h"
#include "check.h"
#include "churn.h"

enum { THREADS = 64 };

static pthread_barrier_t start;

static void *
first(void *argument)
{
    unsigned index = (unsigned)(uintptr_t)argument;
    pthread_barrier_wait(&start);
    struct churn_block block =
        churn_take(call_sizes[10 + index % (call_size_count - 10)], index);
    churn_all_sizes(index);
    churn_drop(&block);
    return NULL;
}

int
main(void)
{
    pthread_t thread[THREADS];
    pthread_barrier_init(&start, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        thread[i] = check_spawn(first, (void *)i);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
