/*
 * keys_left.c - how many pthread keys there are for the program.
 *
 * Two are taken: one by the pools, one by jemalloc, to learn that a thread
 * ends. No other way serves: destructors of C++'s thread-local objects run
 * before those of keys, and at exit() before the handlers of atexit, both of
 * which allocate. This shows that order, on which the choice rests.
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "churn.h"

/*
 * Of midpool and of jemalloc. Before glibc 2.34, the first dlsym of a process
 * takes a third, for dlerror, whoever calls it.
 */
#if __GLIBC_PREREQ(2, 34)
enum { TAKEN_MOST = 2 };
#else
enum { TAKEN_MOST = 3 };
#endif
enum { THREADS = 8 };

extern int __cxa_thread_atexit_impl(void (*function)(void *), void *object,
                                    void *dso);
extern void *__dso_handle;

struct thread {
    bool object_ended;
    bool key_ended;
};

static pthread_key_t key;
static struct thread at_exit_of;

static void
end_object(void *object)
{
    struct thread *self = object;

    CHECK(!self->key_ended, "the key's destructor came first");
    self->object_ended = true;
    churn_all_sizes(1);
}

static void
end_key(void *value)
{
    struct thread *self = value;

    CHECK(self->object_ended, "the key's destructor came first");
    self->key_ended = true;
    churn_all_sizes(2);
}

static void *
run(void *argument)
{
    churn_all_sizes(3);
    CHECK(pthread_setspecific(key, argument) == 0, "setspecific");
    __cxa_thread_atexit_impl(end_object, argument, &__dso_handle);
    return argument;
}

static void
at_exit(void)
{
    CHECK(at_exit_of.object_ended, "atexit's handlers came first");
    churn_all_sizes(4);
}

int
main(void)
{
    static struct thread threads[THREADS];
    pthread_key_t unused;
    unsigned made = 0;

    CHECK(pthread_key_create(&key, end_key) == 0, "key");
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_t thread;

        CHECK(pthread_create(&thread, NULL, run, &threads[i]) == 0, "create");
        CHECK(pthread_join(thread, NULL) == 0, "join");
        CHECK(threads[i].key_ended, "the thread's destructors ran");
    }
    while (pthread_key_create(&unused, NULL) == 0)
        made++;
    CHECK(made + 1 + TAKEN_MOST >= PTHREAD_KEYS_MAX, "%u keys", made + 1);
    CHECK(atexit(at_exit) == 0, "atexit");
    __cxa_thread_atexit_impl(end_object, &at_exit_of, &__dso_handle);
    return 0;
}
