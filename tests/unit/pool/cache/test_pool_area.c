/* test_pool_area.c - blocks of threads are mapped as they are needed. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block.h"
#include "fork_fixture.h"
#include "os.h"
#include "pool_calls.h"
#include "pool_check.h"
#include "space.h"

enum { THREADS = 40 };

static pthread_barrier_t met;

static void
start(void)
{
    cr_assert(pool_init(&pool_config_default));
    (void)pool_put(pool_get(4096));
}

static void *
attach(void *unused)
{
    (void)pool_put(pool_get(4096));
    pthread_barrier_wait(&met);
    pthread_barrier_wait(&met);
    return unused;
}

/* More threads at once than blocks are mapped in one step. */
static bool
many_threads_have_caches(void)
{
    pthread_t thread[THREADS];
    bool all;

    pthread_barrier_init(&met, NULL, THREADS + 1);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, attach, NULL);
    pthread_barrier_wait(&met);
    all = blocks_used() > THREADS && pool_check() == NULL;
    pthread_barrier_wait(&met);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    return all;
}

Test(pool_area, many_threads_have_blocks, .init = start)
{
    cr_assert(many_threads_have_caches());
}

Test(pool_area, many_threads_have_blocks_of_a_shared_page, .init = start)
{
    int fd = page_file();
    const struct stats_header *page;

    cr_assert(pool_page_share(fd, NULL));
    cr_assert(many_threads_have_caches());
    page = mmap(NULL, pool_page_bytes(), PROT_READ, MAP_SHARED, fd, 0);
    cr_assert(page->blocks_used > THREADS);
}

Test(pool_area, a_child_that_left_the_shared_page_grows, .init = start)
{
    pid_t child;

    cr_assert(pool_page_share(page_file(), NULL));
    child = fork_pool();
    if (child == 0)
        _exit(!many_threads_have_caches());
    expect_success(child);
    cr_assert(many_threads_have_caches());
}

/* The file would take the place of what somebody else has there. */
Test(pool_area, a_page_is_not_shared_over_others, .init = start)
{
    char *end = (char *)pool_page() + pool_page_bytes();
    char *theirs = end - os_page_bytes();

    if (space_reserved())
        cr_skip("all of it is reserved here");
    cr_assert(os_map_at(theirs, os_page_bytes()));
    *theirs = 7;
    cr_assert_not(pool_page_share(page_file(), NULL));
    cr_assert_eq(*theirs, 7);
    cr_assert(many_threads_have_caches());
    os_release(theirs, os_page_bytes());
    cr_assert(pool_page_share(page_file(), NULL));
    cr_assert(many_threads_have_caches());
}

/* If a mapping is in the way of a block, threads only get no block. */
Test(pool_area, threads_do_without_blocks_that_can_not_be_had, .init = start)
{
    char *next = (char *)cache_at(0);

    if (space_reserved())
        cr_skip("all of it is reserved here");
    while (!os_map_at(next, os_page_bytes()))
        next += os_page_bytes();
    cr_assert_not(many_threads_have_caches());
    cr_assert_null(pool_check());
    os_release(next, os_page_bytes());
    cr_assert(many_threads_have_caches());
}

/* The file is mapped over all of the page; the child has its own part. */
Test(pool_area, what_a_shared_page_takes_is_counted, .init = start)
{
    size_t before = space_taken_bytes();
    pid_t child;

    if (space_reserved())
        cr_skip("all of it is reserved here");
    cr_assert(pool_page_share(page_file(), NULL));
    cr_assert_gt(space_taken_bytes(), before + pool_page_bytes() / 2);
    cr_assert_lt(space_taken_bytes(), before + pool_page_bytes());
    child = fork_pool();
    if (child == 0)
        _exit(space_taken_bytes() != before);
    expect_success(child);
}
