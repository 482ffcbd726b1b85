/*
 * backend_mutex.c - the locks under the embedded jemalloc.
 *
 * Purpose   jemalloc's pthread_mutex_* lead here, because fork is safe only
 *           with locks that know their owner:
 *           - Between prepare and parent the forking thread has all of
 *             jemalloc's locks, and other libraries' fork handlers may
 *             allocate in it: it takes its locks again.
 *           - A signal handler that interrupted an allocation may fork: the
 *             thread takes its own locks again, and leaves a lock alone whose
 *             owner waits for it. The child makes all locks new; the parent's
 *             unlock ignores locks that the thread does not own.
 * Model     One word holds the owner (its pthread_self) and whether anybody
 *           waits. At no moment is a lock taken and its owner unknown, because
 *           a signal may arrive at any time. A small table, off the
 *           uncontended path, shows which thread waits for which lock, so that
 *           a forking thread can distinguish a cycle from a lock that is
 *           merely held for long.
 */
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend_je.h"

_Static_assert(sizeof(struct backend_mutex) <= sizeof(pthread_mutex_t),
               "fits into jemalloc's storage");

/* The state is the owner's pthread_self, which is even, plus this bit. */
#define AWAITED ((uintptr_t)1)

enum { WAITS = 64, CYCLE_STEPS = 4 };

#define FORK_POLL_NS 5000000L

/* A thread that waits; thread 0: free entry. */
struct backend_wait {
    uintptr_t thread;
    const struct backend_mutex *mutex;
};

static struct backend_wait waits[WAITS];
static uintptr_t fork_thread;

static uintptr_t
self(void)
{
    return (uintptr_t)pthread_self();
}

/* The half of the state that a futex can look at. */
static uint32_t *
futex_of(struct backend_mutex *mutex)
{
    return (uint32_t *)&mutex->state;
}

static void
futex_wait(struct backend_mutex *mutex, uintptr_t expected,
           const struct timespec *timeout)
{
    int saved = errno;

    (void)syscall(SYS_futex, futex_of(mutex), FUTEX_WAIT_PRIVATE,
                  (uint32_t)expected, timeout, NULL, 0);
    errno = saved;
}

static void
futex_wake(struct backend_mutex *mutex)
{
    int saved = errno;

    (void)syscall(SYS_futex, futex_of(mutex), FUTEX_WAKE_PRIVATE, 1, NULL, NULL,
                  0);
    errno = saved;
}

static uintptr_t
owner_of(const struct backend_mutex *mutex)
{
    return __atomic_load_n(&mutex->state, __ATOMIC_RELAXED) & ~AWAITED;
}

static bool
acquire(struct backend_mutex *mutex, uintptr_t state)
{
    uintptr_t expected = 0;

    return __atomic_compare_exchange_n(&mutex->state, &expected, state, false,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Only the forking thread may take a lock twice. */
static bool
acquire_again(struct backend_mutex *mutex, uintptr_t thread)
{
    if (__atomic_load_n(&fork_thread, __ATOMIC_RELAXED) != thread ||
        owner_of(mutex) != thread)
        return false;
    mutex->depth++;
    return true;
}

struct backend_wait *
backend_wait_begin(const struct backend_mutex *mutex)
{
    uintptr_t thread = self();

    for (size_t i = 0; i < WAITS; i++) {
        struct backend_wait *wait = waits + (thread / 4096 + i) % WAITS;
        uintptr_t none = 0;

        if (__atomic_compare_exchange_n(&wait->thread, &none, thread, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            __atomic_store_n(&wait->mutex, mutex, __ATOMIC_RELEASE);
            return wait;
        }
    }
    return NULL;
}

void
backend_wait_end(struct backend_wait *wait)
{
    if (wait == NULL)
        return;
    __atomic_store_n(&wait->mutex, NULL, __ATOMIC_RELAXED);
    __atomic_store_n(&wait->thread, 0, __ATOMIC_RELEASE);
}

/*
 * Does waiter wait, directly or not, for a lock that thread has? It may wait
 * for several: a signal handler that forks may have interrupted a wait.
 */
static bool
waits_for(uintptr_t waiter, uintptr_t thread, int steps)
{
    for (size_t i = 0; steps > 0 && i < WAITS; i++) {
        const struct backend_mutex *mutex;

        if (__atomic_load_n(&waits[i].thread, __ATOMIC_ACQUIRE) != waiter)
            continue;
        mutex = __atomic_load_n(&waits[i].mutex, __ATOMIC_ACQUIRE);
        if (mutex == NULL || owner_of(mutex) == 0)
            continue;
        if (owner_of(mutex) == thread ||
            waits_for(owner_of(mutex), thread, steps - 1))
            return true;
    }
    return false;
}

/* Marks the lock as awaited and waits once; the caller tries again. */
static void
wait_once(struct backend_mutex *mutex, const struct timespec *timeout)
{
    uintptr_t state = __atomic_load_n(&mutex->state, __ATOMIC_RELAXED);

    if (state == 0)
        return;
    if (__atomic_compare_exchange_n(&mutex->state, &state, state | AWAITED,
                                    false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        futex_wait(mutex, state | AWAITED, timeout);
}

/*
 * A forking thread's wait: gives up when it sees a cycle twice, some
 * milliseconds apart. The lock then stays the other thread's, and the wake
 * that this thread may have got is passed on.
 */
static int
lock_forking(struct backend_mutex *mutex, uintptr_t thread)
{
    const struct timespec poll = {.tv_nsec = FORK_POLL_NS};
    bool suspected = false;

    while (!acquire(mutex, thread | AWAITED)) {
        bool cycle = waits_for(owner_of(mutex), thread, CYCLE_STEPS);

        if (cycle && suspected) {
            futex_wake(mutex);
            return EDEADLK;
        }
        suspected = cycle;
        wait_once(mutex, &poll);
    }
    return 0;
}

/* Taken as awaited, since others may wait as well. */
static int
lock_waiting(struct backend_mutex *mutex, uintptr_t thread)
{
    struct backend_wait *wait = backend_wait_begin(mutex);

    while (!acquire(mutex, thread | AWAITED))
        wait_once(mutex, NULL);
    backend_wait_end(wait);
    return 0;
}

int
backend_je_pthread_mutex_init(struct backend_mutex *mutex,
                              const pthread_mutexattr_t *attributes)
{
    (void)attributes;
    memset(mutex, 0, sizeof(*mutex));
    return 0;
}

int
backend_je_pthread_mutex_trylock(struct backend_mutex *mutex)
{
    uintptr_t thread = self();

    if (acquire(mutex, thread) || acquire_again(mutex, thread))
        return 0;
    return EBUSY;
}

int
backend_je_pthread_mutex_lock(struct backend_mutex *mutex)
{
    uintptr_t thread = self();

    if (backend_je_pthread_mutex_trylock(mutex) == 0)
        return 0;
    if (__atomic_load_n(&fork_thread, __ATOMIC_RELAXED) == thread)
        return lock_forking(mutex, thread);
    return lock_waiting(mutex, thread);
}

int
backend_je_pthread_mutex_unlock(struct backend_mutex *mutex)
{
    if (owner_of(mutex) != self())
        return EPERM;
    if (mutex->depth > 0) {
        mutex->depth--;
        return 0;
    }
    if (__atomic_exchange_n(&mutex->state, 0, __ATOMIC_RELEASE) & AWAITED)
        futex_wake(mutex);
    return 0;
}

void
backend_mutex_fork(uintptr_t thread)
{
    __atomic_store_n(&fork_thread, thread, __ATOMIC_RELAXED);
}

void
backend_mutex_fork_child(void)
{
    memset(waits, 0, sizeof(waits));
}
