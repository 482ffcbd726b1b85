/*
 * backend_mutex.c - the locks under the embedded jemalloc.
 *
 * Purpose   jemalloc's pthread_mutex_* lead here, because a lock that knows
 *           its owner is what makes fork safe:
 *           - between prepare and parent, when the forking thread has all of
 *             jemalloc's locks, other libraries' fork handlers may allocate
 *             in it: it takes its locks again;
 *           - a signal handler that interrupted an allocation may fork: locks
 *             that the thread has are taken again, and one that another
 *             thread has which in turn waits for us is left alone. The
 *             child makes all locks new; the parent's unlock ignores locks
 *             that the thread does not own.
 * Model     A futex word with three states. Who waits for what is noted in a
 *           small table, off the uncontended path, so that a forking thread
 *           can tell a cycle from a lock that is merely slow to come.
 */
#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend_je.h"

_Static_assert(sizeof(struct backend_mutex) <= sizeof(pthread_mutex_t),
               "fits into jemalloc's storage");

enum { FREE, HELD, CONTENDED };
enum { WAITS = 64, CYCLE_STEPS = 8 };

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

static void
futex_wait(uint32_t *word, uint32_t expected, const struct timespec *timeout)
{
    int saved = errno;

    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout, NULL,
                  0);
    errno = saved;
}

static void
futex_wake(uint32_t *word)
{
    int saved = errno;

    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = saved;
}

static uintptr_t
owner_of(const struct backend_mutex *mutex)
{
    return __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED);
}

static void
set_owner(struct backend_mutex *mutex, uintptr_t thread)
{
    __atomic_store_n(&mutex->owner, thread, __ATOMIC_RELAXED);
}

static bool
acquire(struct backend_mutex *mutex)
{
    uint32_t expected = FREE;

    return __atomic_compare_exchange_n(&mutex->word, &expected, HELD, false,
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

static const struct backend_mutex *
awaited_by(uintptr_t thread)
{
    for (size_t i = 0; i < WAITS; i++) {
        if (__atomic_load_n(&waits[i].thread, __ATOMIC_ACQUIRE) == thread)
            return __atomic_load_n(&waits[i].mutex, __ATOMIC_ACQUIRE);
    }
    return NULL;
}

/* Does mutex's owner wait, directly or not, for a lock that thread has? */
static bool
is_cycle(const struct backend_mutex *mutex, uintptr_t thread)
{
    for (int step = 0; step < CYCLE_STEPS; step++) {
        uintptr_t owner = owner_of(mutex);

        if (owner == thread)
            return step > 0;
        mutex = owner == 0 ? NULL : awaited_by(owner);
        if (mutex == NULL)
            return false;
    }
    return false;
}

/*
 * A forking thread's wait: gives up when it sees the same cycle twice, some
 * milliseconds apart. The lock then stays the other thread's.
 */
static int
lock_forking(struct backend_mutex *mutex, uintptr_t thread)
{
    const struct timespec poll = {.tv_nsec = FORK_POLL_NS};
    bool suspected = false;

    while (__atomic_exchange_n(&mutex->word, CONTENDED, __ATOMIC_ACQUIRE) !=
           FREE) {
        bool cycle = is_cycle(mutex, thread);

        if (cycle && suspected)
            return EDEADLK;
        suspected = cycle;
        futex_wait(&mutex->word, CONTENDED, &poll);
    }
    set_owner(mutex, thread);
    return 0;
}

static int
lock_waiting(struct backend_mutex *mutex, uintptr_t thread)
{
    struct backend_wait *wait = backend_wait_begin(mutex);

    while (__atomic_exchange_n(&mutex->word, CONTENDED, __ATOMIC_ACQUIRE) !=
           FREE)
        futex_wait(&mutex->word, CONTENDED, NULL);
    set_owner(mutex, thread);
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

    if (acquire(mutex)) {
        set_owner(mutex, thread);
        return 0;
    }
    return acquire_again(mutex, thread) ? 0 : EBUSY;
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
    set_owner(mutex, 0);
    if (__atomic_exchange_n(&mutex->word, FREE, __ATOMIC_RELEASE) == CONTENDED)
        futex_wake(&mutex->word);
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
