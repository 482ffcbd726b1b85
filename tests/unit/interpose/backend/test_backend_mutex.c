/*
 * test_backend_mutex.c - the locks under the embedded jemalloc.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend_je.h"

enum { THREADS = 4, ROUNDS = 50000 };

static struct backend_mutex mutex;
static struct backend_mutex other;
static int counter;
static int stage; /* atomic */

static void
wait_for(int wanted)
{
    while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) < wanted)
        usleep(100);
}

static void
reach(int number)
{
    __atomic_store_n(&stage, number, __ATOMIC_RELEASE);
}

static void *
count(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        backend_je_pthread_mutex_lock(&mutex);
        counter++;
        backend_je_pthread_mutex_unlock(&mutex);
    }
    return unused;
}

Test(mutex, excludes_other_threads)
{
    pthread_t thread[THREADS];

    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, count, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    cr_assert_eq(counter, THREADS * ROUNDS);
}

Test(mutex, works_in_storage_that_glibc_initialised)
{
    union {
        pthread_mutex_t glibc;
        struct backend_mutex ours;
    } lock = {.glibc = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP};

    cr_assert_eq(backend_je_pthread_mutex_trylock(&lock.ours), 0);
    cr_assert_eq(backend_je_pthread_mutex_trylock(&lock.ours), EBUSY);
    cr_assert_eq(backend_je_pthread_mutex_unlock(&lock.ours), 0);
    cr_assert_eq(backend_je_pthread_mutex_trylock(&lock.ours), 0);
}

Test(mutex, is_taken_again_by_the_thread_that_forks)
{
    backend_je_pthread_mutex_lock(&mutex);
    backend_mutex_fork((uintptr_t)pthread_self());
    cr_assert_eq(backend_je_pthread_mutex_lock(&mutex), 0);
    cr_assert_eq(backend_je_pthread_mutex_trylock(&mutex), 0);
    backend_je_pthread_mutex_unlock(&mutex);
    backend_je_pthread_mutex_unlock(&mutex);
    cr_assert_neq(mutex.state, 0);
    backend_je_pthread_mutex_unlock(&mutex);
    cr_assert_eq(mutex.state, 0);
}

/* Has other, wants mutex. */
static void *
want(void *unused)
{
    backend_je_pthread_mutex_lock(&other);
    reach(1);
    wait_for(2);
    backend_je_pthread_mutex_lock(&mutex);
    backend_je_pthread_mutex_unlock(&mutex);
    backend_je_pthread_mutex_unlock(&other);
    return unused;
}

Test(mutex, a_fork_gives_up_on_a_circle_of_waits, .timeout = 20)
{
    pthread_t thread;

    backend_je_pthread_mutex_lock(&mutex);
    cr_assert_eq(pthread_create(&thread, NULL, want, NULL), 0);
    wait_for(1);
    backend_mutex_fork((uintptr_t)pthread_self());
    reach(2);
    cr_assert_eq(backend_je_pthread_mutex_lock(&other), EDEADLK);
    /* The lock stayed the other thread's; unlocking it changes nothing. */
    cr_assert_eq(backend_je_pthread_mutex_unlock(&other), EPERM);
    cr_assert_neq(other.state, 0);
    backend_mutex_fork(0);
    backend_je_pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    cr_assert_eq(other.state, 0);
}

/* Sleeps on other until it is woken. */
static void *
sleep_on(void *unused)
{
    long result;

    do {
        uintptr_t state = __atomic_load_n(&other.state, __ATOMIC_RELAXED);

        result = syscall(SYS_futex, &other.state, FUTEX_WAIT_PRIVATE,
                         (uint32_t)state, NULL, NULL, 0);
    } while (result != 0);
    reach(3);
    return unused;
}

/* Its wake may have been meant for the lock's next owner. */
Test(mutex, a_fork_that_gives_up_wakes_another_thread, .timeout = 20)
{
    pthread_t thread[2];

    backend_je_pthread_mutex_lock(&mutex);
    cr_assert_eq(pthread_create(&thread[0], NULL, want, NULL), 0);
    wait_for(1);
    backend_mutex_fork((uintptr_t)pthread_self());
    reach(2);
    cr_assert_eq(pthread_create(&thread[1], NULL, sleep_on, NULL), 0);
    while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) < 3)
        cr_assert_eq(backend_je_pthread_mutex_lock(&other), EDEADLK);
    backend_mutex_fork(0);
    backend_je_pthread_mutex_unlock(&mutex);
    pthread_join(thread[0], NULL);
    pthread_join(thread[1], NULL);
}

/* Has other for a while, and wants nothing. */
static void *
linger(void *unused)
{
    backend_je_pthread_mutex_lock(&other);
    reach(1);
    usleep(50000);
    backend_je_pthread_mutex_unlock(&other);
    return unused;
}

Test(mutex, a_fork_waits_for_a_lock_that_is_slow_to_come, .timeout = 20)
{
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, linger, NULL), 0);
    wait_for(1);
    backend_mutex_fork((uintptr_t)pthread_self());
    cr_assert_eq(backend_je_pthread_mutex_lock(&other), 0);
    backend_je_pthread_mutex_unlock(&other);
    pthread_join(thread, NULL);
}

static struct backend_cond cond;

static void *
wake(void *unused)
{
    backend_je_pthread_mutex_lock(&mutex);
    counter = 1;
    backend_je_pthread_cond_signal(&cond);
    backend_je_pthread_mutex_unlock(&mutex);
    return unused;
}

Test(cond, a_signal_ends_the_wait, .timeout = 20)
{
    pthread_t thread;

    backend_je_pthread_cond_init(&cond, NULL);
    backend_je_pthread_mutex_lock(&mutex);
    cr_assert_eq(pthread_create(&thread, NULL, wake, NULL), 0);
    while (counter == 0)
        backend_je_pthread_cond_wait(&cond, &mutex);
    backend_je_pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

Test(cond, a_wait_ends_at_its_time, .timeout = 20)
{
    struct timespec past = {.tv_sec = 1};

    backend_je_pthread_mutex_lock(&mutex);
    cr_assert_eq(backend_je_pthread_cond_timedwait(&cond, &mutex, &past),
                 ETIMEDOUT);
    cr_assert_eq(backend_je_pthread_mutex_unlock(&mutex), 0);
}
