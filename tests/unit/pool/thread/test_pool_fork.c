/* test_pool_fork.c - the pools that a forked child finds and rebuilds. */
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "account.h"
#include "block.h"
#include "fork_fixture.h"
#include "operation.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "slab.h"

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

static void
share_page(void)
{
    cr_assert(pool_page_share(page_file(), NULL));
}

/* A child that is sound before it uses the pool, and after. */
static void __attribute__((noreturn)) end_sound(void)
{
    require(pool_check());
    use_and_drop();
    require(pool_check());
    _exit(0);
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
    uint64_t gets;
    pid_t child;

    share_page();
    cr_assert_null(pool_check());
    gets = recent_gets(&cache_block(block_own())->hot[0]);
    child = fork_pool();
    if (child == 0) {
        end_sound();
    }
    expect_success(child);
    cr_assert_eq(recent_gets(&cache_block(block_own())->hot[0]), gets);
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
    end_sound();
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

static void
expect_sound(void)
{
    const char *fault = pool_check();

    cr_assert_null(fault, "%s", fault);
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
            end_sound();
        }
        expect_success(child);
    }
    atomic_store(&stopping, true);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    expect_sound();
    use_and_drop();
    expect_sound();
}

/* A child that is scheduled late waits until its parent did something. */
static int late[2];

static void
parent_is_done(void)
{
    cr_assert_eq(write(late[1], "", 1), 1);
}

static void
finish_late(void)
{
    char byte;

    require(read(late[0], &byte, 1) == 1 ? NULL : "pipe");
    pool_fork_child();
}

Test(pool_fork, a_shared_page_that_moved_on_is_no_source, .init = start)
{
    void *more[PLACES];
    pid_t child;

    share_page();
    cr_assert_eq(pipe(late), 0);
    child = fork_unfinished();
    if (child == 0) {
        finish_late();
        end_sound();
    }
    for (unsigned i = 0; i < PLACES; i++)
        more[i] = pool_get(2048 + 317 * i);
    parent_is_done();
    expect_success(child);
    for (unsigned i = 0; i < PLACES; i++)
        (void)pool_put(more[i]);
    cr_assert_null(pool_check());
}

static pthread_barrier_t met;

/* Has idle buffers in its cache at the first meeting, ends at the second. */
static void *
hold_cache(void *unused)
{
    void *own[40];

    (void)unused;
    for (unsigned i = 0; i < 40; i++)
        own[i] = pool_get(4096);
    for (unsigned i = 0; i < 40; i++)
        (void)pool_put(own[i]);
    pthread_barrier_wait(&met);
    pthread_barrier_wait(&met);
    return NULL;
}

Test(pool_fork, a_thread_that_ended_since_was_another, .init = start)
{
    pthread_t thread;
    pid_t child;

    share_page();
    cr_assert_eq(pipe(late), 0);
    pthread_barrier_init(&met, NULL, 2);
    pthread_create(&thread, NULL, hold_cache, NULL);
    pthread_barrier_wait(&met);
    child = fork_unfinished();
    if (child == 0) {
        finish_late();
        require(pool_check());
        _exit(0);
    }
    pthread_barrier_wait(&met);
    pthread_join(thread, NULL);
    parent_is_done();
    expect_success(child);
    cr_assert_null(pool_check());
}

/* As the purge thread, which has no cache, leaves a slab meanwhile. */
Test(pool_fork, a_purge_that_was_cut_off_loses_no_slab, .init = start)
{
    uint32_t number = (uint32_t)region_number(ptr[1]);
    pid_t child;

    lock_acquire(&slab_lock);
    slab_unsort(number);
    slab_at(number)->purging = 1;
    lock_release(&slab_lock);
    child = fork_pool();
    if (child == 0) {
        end_sound();
    }
    expect_success(child);
}

static void *theirs[4 * PLACES];

static void *
get_many(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < 4 * PLACES; i++)
        theirs[i] = pool_get(4096);
    return cache_self;
}

/* Nothing that the caller gets is what another thread of the child has. */
static void
require_no_twins(void)
{
    for (unsigned i = 0; i < PLACES; i++) {
        const void *mine = pool_get(4096);

        for (unsigned j = 0; mine != NULL && j < 4 * PLACES; j++)
            require(mine == theirs[j] ? "handed out twice" : NULL);
    }
}

/* In a handler that interrupted an operation, with another thread about. */
static pid_t
fork_within(void)
{
    pthread_t thread;

    pthread_barrier_init(&met, NULL, 2);
    pthread_create(&thread, NULL, hold_cache, NULL);
    pthread_barrier_wait(&met);
    cache_enter();
    return fork_pool();
}

Test(pool_fork, the_end_of_an_operation_finishes, .init = start)
{
    struct cache *cache = cache_self;
    pid_t child = fork_within();
    pthread_t thread;

    cache_leave(cache);
    if (child == 0) {
        require(fork_is_pending() ? "still pending" : NULL);
        require(pool_check());
        pthread_create(&thread, NULL, get_many, NULL);
        pthread_join(thread, NULL);
        require_no_twins();
        _exit(0);
    }
    expect_success(child);
}

/* Before that the child's other threads get nothing, and may put. */
static void *
put_and_get(void *slot)
{
    require(pool_put(slot) == CACHE_PUT_DONE ? NULL : "a put was refused");
    for (unsigned i = 0; i < PLACES; i++)
        require(pool_get(4096) != NULL ? "served while pending" : NULL);
    return NULL;
}

Test(pool_fork, no_other_thread_finishes, .init = start)
{
    struct cache *cache = cache_self;
    pid_t child = fork_within();
    pthread_t thread;

    if (child == 0) {
        pthread_create(&thread, NULL, put_and_get, ptr[1]);
        pthread_join(thread, NULL);
        require(fork_is_pending() ? NULL : "another thread finished");
        ptr[1] = NULL;
    }
    cache_leave(cache);
    if (child == 0) {
        end_sound();
    }
    expect_success(child);
}

/* Not with the thread sanitizer, whose own start-up calls what is replaced. */
#ifndef __SANITIZE_THREAD__
/* A function that attaching a thread calls, here with a signal in it. */
static pid_t child_of_handler = -1;
static bool armed;

int
pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    int (*create)(pthread_key_t *, void (*)(void *)) =
        (int (*)(pthread_key_t *, void (*)(void *)))dlsym(RTLD_NEXT,
                                                          "pthread_key_create");

    if (armed)
        raise(SIGUSR1);
    return create(key, destructor);
}

static void
fork_in_handler(int number)
{
    (void)number;
    child_of_handler = fork_pool();
}

Test(pool_fork, a_thread_that_is_being_attached_keeps_its_cache)
{
    pthread_t thread;
    void *other;

    cr_assert(pool_init(&pool_config_default));
    signal(SIGUSR1, fork_in_handler);
    armed = true;
    (void)pool_put(pool_get(4096));
    armed = false;
    cr_assert_geq(child_of_handler, 0);
    if (child_of_handler == 0) {
        require(pool_check());
        require(block_own() == cache_self ? NULL : "another's cache");
        pthread_create(&thread, NULL, get_many, NULL);
        pthread_join(thread, &other);
        require(other == cache_self ? "two threads share a cache" : NULL);
        require_no_twins();
        _exit(0);
    }
    expect_success(child_of_handler);
    cr_assert_null(pool_check());
}
#endif

static size_t
own_dirty_kb(void)
{
    FILE *rollup = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    size_t kb = 0;

    while (rollup != NULL && fgets(line, sizeof(line), rollup) != NULL)
        (void)sscanf(line, "Private_Dirty: %zu", &kb);
    if (rollup != NULL)
        fclose(rollup);
    return kb;
}

enum { ENDED_THREADS = 400, DIRTY_MAX_KB = 1024 };

/* 400 threads that ended have 4.8 MB of caches and counters. */
Test(pool_fork, threads_that_ended_cost_a_child_nothing, .init = start)
{
    static pthread_t thread[ENDED_THREADS];
    pthread_attr_t small;
    pid_t child;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 * 1024);
    pthread_barrier_init(&met, NULL, ENDED_THREADS + 1);
    for (unsigned i = 0; i < ENDED_THREADS; i++)
        cr_assert_eq(pthread_create(&thread[i], &small, hold_cache, NULL), 0);
    pthread_barrier_wait(&met);
    pthread_barrier_wait(&met);
    for (unsigned i = 0; i < ENDED_THREADS; i++)
        pthread_join(thread[i], NULL);
    cr_assert_gt(blocks_used(), ENDED_THREADS);
    child = fork_unfinished();
    if (child == 0) {
        size_t before = own_dirty_kb();

        pool_fork_child();
        require(own_dirty_kb() > before + DIRTY_MAX_KB ? "pages copied" : NULL);
        require(blocks_used() != block_own()->index + 1 ? "blocks kept" : NULL);
        require(pool_check());
        _exit(0);
    }
    expect_success(child);
}

static void *
fork_from_last_block(void *unused)
{
    pthread_t thread;
    void *other;
    pid_t child;

    (void)unused;
    (void)pool_put(pool_get(4096));
    child = fork_pool();
    if (child == 0) {
        for (unsigned i = BLOCK_FIRST; i < block_own()->index + 3; i++) {
            pthread_create(&thread, NULL, get_many, NULL);
            pthread_join(thread, &other);
            require(other == cache_self ? "two threads share a cache" : NULL);
        }
        require(pool_check());
        _exit(0);
    }
    expect_success(child);
    return NULL;
}

/* Its block lies among those that are free again. */
Test(pool_fork, a_child_of_a_late_thread_keeps_its_block, .init = start)
{
    pthread_t thread[4];

    pthread_barrier_init(&met, NULL, 4);
    for (unsigned i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, hold_cache, NULL);
    pthread_barrier_wait(&met);
    pthread_create(&thread[3], NULL, fork_from_last_block, NULL);
    pthread_join(thread[3], NULL);
    pthread_barrier_wait(&met);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    cr_assert_null(pool_check());
}

Test(pool_fork, a_handler_in_a_child_knows_what_is_inherited, .init = start)
{
    struct cache *cache = cache_self;
    pid_t child = fork_pool();

    if (child == 0) {
        const struct stats_hot *hot =
            &stats_block_at(account_page, BLOCK_SHARED)->hot[size_bin(2365)];

        cache_enter();
        require(pool_put(ptr[1]) == CACHE_PUT_DONE ? NULL : "refused");
        cache_leave(cache);
        require(hot->inherited_puts == 1 ? NULL : "not inherited");
        require(hot->puts == 0 ? NULL : "a put of nothing got");
        require(pool_check());
        _exit(0);
    }
    expect_success(child);
}

/* qemu-user takes the call and grants whatever is asked for. */
static bool
is_limited(void)
{
    void *large =
        mmap(NULL, 64 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (large == MAP_FAILED)
        return true;
    munmap(large, 64 << 20);
    return false;
}

/* Fallback calls are counted in the one block that is there. */
Test(pool_fork, a_child_without_pools_counts_on)
{
    struct rlimit limit;
    struct rlimit none;
    pid_t child;

    getrlimit(RLIMIT_AS, &limit);
    none = limit;
    none.rlim_cur = 1 << 20;
    setrlimit(RLIMIT_AS, &none);
    if (!is_limited())
        cr_skip("RLIMIT_AS limits nothing here");
    cr_assert_not(pool_init(&pool_config_default));
    setrlimit(RLIMIT_AS, &limit);
    child = fork_pool();
    if (child == 0) {
        cache_count_slow(100);
        require(account_page->blocks_used == BLOCK_FIRST ? NULL : "no block");
        _exit(0);
    }
    expect_success(child);
}
