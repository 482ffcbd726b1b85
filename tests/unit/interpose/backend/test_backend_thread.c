/*
 * test_backend_thread.c - a thread's set-up and a fork in the midst of it.
 * jemalloc and its memory are played by functions here: memory is scarce.
 */
#include <criterion/criterion.h>
#include <unistd.h>

#include "backend_je.h"

bool je_opt_tcache = true;
unsigned je_narenas_auto = 4;
static uintptr_t emergency_thread;
static void (*during_set_up)(void);
static int stage; /* atomic */

void *
je_a0malloc(size_t size)
{
    (void)size;
    return NULL;
}

void
je_a0dalloc(void *ptr)
{
    (void)ptr;
}

void
backend_map_emergency(uintptr_t thread)
{
    emergency_thread = thread;
}

bool
backend_map_is_scarce(void)
{
    return true;
}

bool
je_tsd_tcache_enabled_data_init(struct je_tsd *tsd)
{
    (void)tsd;
    cr_assert_not(je_opt_tcache);
    cr_assert_eq(je_narenas_auto, 1);
    cr_assert_eq(emergency_thread, (uintptr_t)pthread_self());
    if (during_set_up != NULL)
        during_set_up();
    return false;
}

static void
assert_usual(void)
{
    cr_assert(je_opt_tcache);
    cr_assert_eq(je_narenas_auto, 4);
    cr_assert_eq(emergency_thread, 0);
}

static void *
set_up(void *unused)
{
    cr_assert_not(backend_je_tsd_tcache_enabled_data_init(NULL));
    return unused;
}

Test(backend_thread, options_are_the_usual_ones_after_a_set_up)
{
    set_up(NULL);
    assert_usual();
}

static void
wait_for(int wanted)
{
    while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) < wanted)
        usleep(100);
}

static void
stop_until_2(void)
{
    __atomic_store_n(&stage, 1, __ATOMIC_RELEASE);
    wait_for(2);
}

Test(backend_thread, a_child_forked_meanwhile_has_the_usual_options,
     .timeout = 20)
{
    pthread_t thread;

    during_set_up = stop_until_2;
    cr_assert_eq(pthread_create(&thread, NULL, set_up, NULL), 0);
    wait_for(1);
    backend_thread_fork_child(); /* as the child calls it */
    assert_usual();
    during_set_up = NULL;
    set_up(NULL); /* nobody else is setting up there */
    assert_usual();
    __atomic_store_n(&stage, 2, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
}

static void
fork_and_look(void)
{
    backend_thread_fork_child();
    cr_assert_eq(je_narenas_auto, 1);
}

/* In the child the set-up goes on when the signal handler returns. */
Test(backend_thread, a_fork_by_a_signal_handler_leaves_the_set_up_alone)
{
    during_set_up = fork_and_look;
    set_up(NULL);
    assert_usual();
}
