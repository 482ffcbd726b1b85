/*
 * lock_user.c - takes a lock that measures itself, in two processes, for
 * test_lock_stats.py: five times and, in a child that was forked while the
 * lock was held, twice. A failed try and a lock taken by its holder do not
 * count.
 */
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"

enum { PARENT = 5, CHILD = 2, SPIN_NS = 20 * 1000 * 1000 };

static struct lock lock = LOCK_NAMED("tested");

/* Takes CPU time, so that a child's clock begins below its parent's. */
static void
spin(void)
{
    int64_t start = os_clock_ns(CLOCK_THREAD_CPUTIME_ID);

    while (os_clock_ns(CLOCK_THREAD_CPUTIME_ID) - start < SPIN_NS)
        ;
}

static void
take(unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        lock_acquire(&lock);
        lock_acquire(&lock);
        lock_release(&lock);
        lock_release(&lock);
    }
}

int
main(void)
{
    int status = 1;
    pid_t child;

    spin();
    take(PARENT - 1);
    lock_acquire(&lock);
    if (lock_try(&lock))
        return 1;
    spin();
    child = fork();
    lock_release(&lock);
    if (child == 0) {
        take(CHILD);
        return 0;
    }
    return waitpid(child, &status, 0) == child ? status : 1;
}
