/* test_pool_depot.c - stacks of magazines, alone and under threads. */
#include <criterion/criterion.h>
#include <pthread.h>

#include "depot.h"
#include "pool.h"

enum { MAGAZINES = 64, THREADS = 4, ROUNDS = 100000 };

static void
start(void)
{
    cr_assert(pool_init(&pool_config_default));
}

static struct magazine *
make(void *slot)
{
    struct magazine *magazine = magazine_new();

    cr_assert_not_null(magazine);
    magazine->slot[0] = slot;
    magazine->rounds = 1;
    return magazine;
}

Test(pool_depot, last_in_first_out, .init = start)
{
    struct magazine *made[MAGAZINES];

    for (unsigned i = 0; i < MAGAZINES; i++) {
        made[i] = make(&made[i]);
        depot_push(3, made[i]);
    }
    cr_assert_eq(depot_bytes(3), (uint64_t)MAGAZINES * bin_info[3].slot_bytes);
    for (unsigned i = MAGAZINES; i-- > 0;)
        cr_assert_eq(depot_pop(3), made[i]);
    cr_assert_null(depot_pop(3));
    cr_assert_null(depot_pop(4));
}

Test(pool_depot, a_window_tells_what_was_not_needed, .init = start)
{
    for (unsigned i = 0; i < 10; i++)
        depot_push(0, make(&start));
    (void)depot_window(0);
    for (unsigned i = 0; i < 4; i++)
        magazine_free(depot_pop(0));
    depot_push(0, make(&start));
    cr_assert_eq(depot_window(0), 6);
    cr_assert_eq(depot_window(0), 7);
}

Test(pool_depot, reset_frees_all_but_what_is_kept, .init = start)
{
    struct magazine *keep[2] = {make(&start), make(&start)};
    uint64_t before;

    for (unsigned i = 0; i < MAGAZINES; i++)
        depot_push(i % BINS, make(&start));
    before = depot_metadata_bytes();
    depot_reset(keep, 2);
    for (unsigned bin = 0; bin < BINS; bin++)
        cr_assert_null(depot_pop(bin));
    for (unsigned i = 0; i < MAGAZINES; i++) {
        struct magazine *magazine = magazine_new();

        cr_assert(magazine != keep[0] && magazine != keep[1]);
        cr_assert_eq(magazine->rounds, 0);
    }
    cr_assert_eq(depot_metadata_bytes(), before);
}

/* Each magazine is somebody's own between a pop and a push. */
static _Atomic unsigned holders[MAGAZINES + 1];

static bool
taken_twice(const struct magazine *magazine)
{
    return atomic_fetch_add((_Atomic unsigned *)magazine->slot[0], 1) != 0;
}

static void
push_back(struct magazine *magazine)
{
    atomic_fetch_sub((_Atomic unsigned *)magazine->slot[0], 1);
    depot_push(1, magazine);
}

static void *
exchange(void *fault)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct magazine *one = depot_pop(1);
        struct magazine *two = depot_pop(1);

        if (one != NULL && taken_twice(one))
            *(bool *)fault = true;
        if (two != NULL && taken_twice(two))
            *(bool *)fault = true;
        if (one != NULL)
            push_back(one);
        if (two != NULL)
            push_back(two);
    }
    return NULL;
}

Test(pool_depot, threads_never_hold_the_same_magazine, .init = start)
{
    pthread_t thread[THREADS];
    bool fault[THREADS] = {false};
    unsigned left = 0;

    /* Few magazines, so that the same ones come back under a reader. */
    for (unsigned i = 0; i < 3; i++)
        depot_push(1, make(&holders[i]));
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, exchange, &fault[i]);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (unsigned i = 0; i < THREADS; i++)
        cr_assert_not(fault[i]);
    while (depot_pop(1) != NULL)
        left++;
    cr_assert_eq(left, 3);
}
