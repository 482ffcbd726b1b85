/*
 * keys_first.c - a thread that uses 64 pthread keys before its first malloc.
 *
 * From the 33rd key on glibc's pthread_setspecific allocates. Destructors of
 * all keys free, and allocate again in the first rounds.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "check.h"
#include "churn.h"

enum { KEYS = 64, THREADS = 8 };

static pthread_key_t key[KEYS];
static atomic_uint destroyed;

static void
destroy(void *value)
{
    atomic_fetch_add(&destroyed, 1);
    churn_all_sizes((unsigned)(uintptr_t)value);
}

static void *
run(void *argument)
{
    for (uintptr_t i = 0; i < KEYS; i++)
        CHECK(pthread_setspecific(key[i], (void *)(i + 1)) == 0, "key %u",
              (unsigned)i);
    churn_all_sizes(5);
    return argument;
}

int
main(void)
{
    for (unsigned i = 0; i < KEYS; i++)
        CHECK(pthread_key_create(&key[i], destroy) == 0, "key %u", i);
    pthread_t thread[THREADS];
    for (unsigned i = 0; i < THREADS; i++)
        thread[i] = check_spawn(run, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    CHECK(destroyed == KEYS * THREADS, "%u destructors ran", destroyed);
    return 0;
}
