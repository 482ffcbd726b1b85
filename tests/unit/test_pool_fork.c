/* test_pool_fork.c - what a forked child finds and rebuilds. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool_calls.h"
#include "pool_check.h"
#include "thread.h"

enum { PLACES = 200, GENERATIONS = 40 };

static void *ptr[PLACES];

static void
start(void)
{
    cr_assert(pool_init(&pool_config_default));
    for (unsigned i = 0; i < PLACES; i++) {
        ptr[i] = pool_get(2048 + 317 * i);
        pool_fill(ptr[i], 2048 + 317 * i, i + 1);
    }
    for (unsigned i = 0; i < PLACES; i += 3) {
        (void)pool_put(ptr[i]);
        ptr[i] = NULL;
    }
}

static void
require(const char *broken)
{
    if (broken == NULL)
        return;
    fprintf(stderr, "%s\n", broken);
    _exit(1);
}

static void
use_and_drop(void)
{
    for (unsigned i = 0; i < PLACES; i++) {
        void *other = pool_get(2048 + 317 * i);

        if (other == NULL)
            require("no memory");
        pool_fill(other, 2048 + 317 * i, 77);
        if (ptr[i] != NULL && !pool_filled(ptr[i], 2048 + 317 * i, i + 1))
            require("contents changed");
        if (ptr[i] != NULL && pool_put(ptr[i]) != CACHE_PUT_DONE)
            require("an inherited buffer was refused");
        if (pool_put(other) != CACHE_PUT_DONE)
            require("an own buffer was refused");
    }
}

static pid_t
fork_pool(void)
{
    pid_t child;

    while (!pool_fork_prepare())
        sched_yield();
    child = fork();
    if (child == 0)
        pool_fork_child();
    else
        pool_fork_parent();
    return child;
}

static void
expect_success(pid_t child)
{
    int status;

    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "status %x", (unsigned)status);
}

Test(pool_fork, a_child_counts_from_its_fork, .init = start)
{
    pid_t child = fork_pool();

    if (child == 0) {
        require(pool_check());
        require(pool_census_live() != 0 ? "live counts are inherited" : NULL);
        use_and_drop();
        require(pool_check());
        _exit(0);
    }
    expect_success(child);
    cr_assert_null(pool_check());
}

Test(pool_fork, a_child_with_a_shared_page_leaves_it_alone, .init = start)
{
    int fd = memfd_create("page", 0);
    uint64_t gets;
    pid_t child;

    cr_assert_eq(ftruncate(fd, (off_t)pool_page_bytes()), 0);
    cr_assert(pool_page_share(fd));
    cr_assert_null(pool_check());
    gets = cache_block(thread_own())->hot[0].gets;
    child = fork_pool();
    if (child == 0) {
        require(pool_check());
        use_and_drop();
        require(pool_check());
        _exit(0);
    }
    expect_success(child);
    cr_assert_eq(cache_block(thread_own())->hot[0].gets, gets);
    cr_assert_null(pool_check());
    use_and_drop();
    cr_assert_null(pool_check());
}

/* Epochs are four bits: later generations inherit from all before. */
Test(pool_fork, forty_generations, .init = start)
{
    unsigned generation = 0;
    pid_t child;

    while (generation < GENERATIONS) {
        child = fork_pool();
        if (child > 0) {
            int status;

            if (waitpid(child, &status, 0) != child || status != 0)
                require("a later generation failed");
            if (generation > 0)
                _exit(0);
            return;
        }
        generation++;
        require(pool_check());
        if (ptr[generation] != NULL)
            (void)pool_put(ptr[generation]);
        ptr[generation] = pool_get(2048 + 317 * generation);
        pool_fill(ptr[generation], 2048 + 317 * generation, generation + 1);
        require(pool_check());
    }
    use_and_drop();
    require(pool_check());
    _exit(0);
}

static atomic_bool stopping;

static void *
churn(void *seed)
{
    uint64_t random = *(uint64_t *)seed;
    void *own[32] = {NULL};

    while (!atomic_load(&stopping)) {
        unsigned i = (unsigned)pool_draw(&random) % 32;

        if (own[i] != NULL)
            (void)pool_put(own[i]);
        own[i] = pool_get(pool_draw_size(&random));
        if (pool_draw(&random) % 1000 == 0)
            (void)pool_purge();
    }
    for (unsigned i = 0; i < 32; i++) {
        if (own[i] != NULL)
            (void)pool_put(own[i]);
    }
    return NULL;
}

/*
 * Threads that the fork cuts off hold slots that nobody will put: those are
 * inherited. All others are found and serve again.
 */
Test(pool_fork, a_child_of_a_threaded_process_rebuilds_all, .init = start,
     .timeout = 100)
{
    pthread_t thread[3];
    uint64_t seed[3] = {5, 6, 7};

    for (unsigned i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, churn, &seed[i]);
    for (unsigned i = 0; i < 60; i++) {
        pid_t child = fork_pool();

        if (child == 0) {
            require(pool_check());
            use_and_drop();
            require(pool_check());
            _exit(0);
        }
        expect_success(child);
    }
    atomic_store(&stopping, true);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    cr_assert_null(pool_check());
    use_and_drop();
    cr_assert_null(pool_check());
}
