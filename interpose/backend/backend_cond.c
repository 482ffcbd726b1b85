/*
 * backend_cond.c - condition variables over the backend's own locks.
 *
 * jemalloc needs them for its optional background threads only
 * (MALLOC_CONF=background_thread:true). A wait ends when the sequence number
 * has changed since the lock was given up; spurious ends are allowed.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend_je.h"

_Static_assert(sizeof(struct backend_cond) <= sizeof(pthread_cond_t),
               "fits into jemalloc's storage");

int
backend_je_pthread_cond_init(struct backend_cond *cond,
                             const pthread_condattr_t *attributes)
{
    (void)attributes;
    cond->sequence = 0;
    return 0;
}

int
backend_je_pthread_cond_signal(struct backend_cond *cond)
{
    int saved = errno;

    __atomic_add_fetch(&cond->sequence, 1, __ATOMIC_RELEASE);
    (void)syscall(SYS_futex, &cond->sequence, FUTEX_WAKE_PRIVATE, 1, NULL, NULL,
                  0);
    errno = saved;
    return 0;
}

/* until is an absolute time of CLOCK_REALTIME, NULL: for ever. */
int
backend_je_pthread_cond_timedwait(struct backend_cond *cond,
                                  struct backend_mutex *mutex,
                                  const struct timespec *until)
{
    uint32_t sequence = __atomic_load_n(&cond->sequence, __ATOMIC_ACQUIRE);
    int saved = errno;
    int result = 0;

    (void)backend_je_pthread_mutex_unlock(mutex);
    if (syscall(SYS_futex, &cond->sequence,
                FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, sequence,
                until, NULL, FUTEX_BITSET_MATCH_ANY) != 0 &&
        errno == ETIMEDOUT)
        result = ETIMEDOUT;
    errno = saved;
    (void)backend_je_pthread_mutex_lock(mutex);
    return result;
}

int
backend_je_pthread_cond_wait(struct backend_cond *cond,
                             struct backend_mutex *mutex)
{
    return backend_je_pthread_cond_timedwait(cond, mutex, NULL);
}
