/*
 * backend_fork.c - fork with the embedded jemalloc.
 *
 * Purpose   jemalloc takes its locks before a fork, so that the child finds
 *           its data whole. glibc then takes the stdio list lock. A thread in
 *           fflush(NULL) that has that lock and waits for a stream, whose
 *           owner waits for memory, would close a circle of waits: so the
 *           list lock, which is recursive and public, is taken first.
 * Model     In a process with one thread nothing is held and nothing done: a
 *           fork in a signal handler that interrupted malloc is then free to
 *           go on, as with glibc's own allocator.
 * Ownership depth is used with the stdio list lock held.
 * Lock order  stdio list lock, then jemalloc's by rank.
 */
#include "backend.h"
#include "backend_je.h"

/* Public in glibc, though in no header of it. */
extern void _IO_list_lock(void);
extern void _IO_list_unlock(void);
extern void _IO_list_resetlock(void);

/* Absent before glibc 2.32. */
extern char __libc_single_threaded __attribute__((weak));

/*
 * Stands for the list lock, which does not tell its owner: a thread that a
 * signal interrupted in jemalloc and that waits here to fork is known to wait
 * for the one that forks (backend_mutex.c).
 */
static struct backend_mutex list_lock;

/* Forks under way: more than one when a signal handler forks within one. */
static unsigned depth;

static void
lock_list(void)
{
    struct backend_wait *wait = backend_wait_begin(&list_lock);

    _IO_list_lock();
    backend_wait_end(wait);
    __atomic_store_n(&list_lock.state, (uintptr_t)pthread_self(),
                     __ATOMIC_RELAXED);
}

/* Does this thread fork with locks held? */
static bool
is_mine(void)
{
    return __atomic_load_n(&list_lock.state, __ATOMIC_RELAXED) ==
           (uintptr_t)pthread_self();
}

static bool
is_single_threaded(void)
{
    return &__libc_single_threaded != NULL && __libc_single_threaded;
}

void
backend_fork_prepare(void)
{
    if (is_single_threaded())
        return;
    lock_list();
    if (depth++ > 0)
        return;
    backend_mutex_fork((uintptr_t)pthread_self());
    je_jemalloc_prefork();
}

void
backend_fork_parent(void)
{
    if (!is_mine())
        return;
    if (--depth == 0) {
        je_jemalloc_postfork_parent();
        backend_mutex_fork(0);
        __atomic_store_n(&list_lock.state, 0, __ATOMIC_RELAXED);
    }
    _IO_list_unlock();
}

/*
 * glibc has made the list lock anew in the child, so it is reset, not
 * unlocked: an unlock too many would leave it unusable.
 */
void
backend_fork_child(void)
{
    if (!is_mine())
        return;
    depth = 0;
    backend_mutex_fork_child();
    je_jemalloc_postfork_child();
    backend_thread_fork_child();
    backend_mutex_fork(0);
    __atomic_store_n(&list_lock.state, 0, __ATOMIC_RELAXED);
    _IO_list_resetlock();
}
