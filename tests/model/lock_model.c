/*
 * lock_model.c - the lock of the slabs, waited for.
 *
 *   lock_model [broken|orders]
 *
 * pool/os/lock.h itself, in all runs that explore.h knows, with a futex that
 * wakes nobody without being asked. broken never wakes; orders shows which of
 * the memory orders are needed.
 */
#include <pthread.h>
#include <string.h>

#include "base.h"
#include "os.h"

#include "atomic.h"

static bool broken;

/* Every task is a thread of its own. */
static pthread_t
task_self(void)
{
    return (pthread_t)(16 * (explore_self() + 2));
}

static void
wait_for(uint32_t *word, uint32_t value, int64_t ns)
{
    (void)ns;
    explore_wait(word, value);
}

static void
wake(uint32_t *word)
{
    if (!broken)
        explore_wake(word);
}

#define pthread_self task_self
#define os_wait wait_for
#define os_wake wake

#include "lock.h"

static struct lock lock;
static unsigned inside, times;

static void
reset(void)
{
    memset(&lock, 0, sizeof(lock));
    inside = times = 0;
}

static void
work(void)
{
    if (inside++ > 0)
        explore_fail("two have the lock");
    explore_own(&times);
    times++;
    inside--;
}

static void
acquire(unsigned who)
{
    (void)who;
    lock_acquire(&lock);
    work();
    lock_release(&lock);
}

static void
acquire_twice(unsigned who)
{
    acquire(who);
    acquire(who);
}

/* A depth of two; the other does not wait. */
static void
acquire_again(unsigned who)
{
    if (who > 0) {
        if (lock_try(&lock)) {
            work();
            lock_release(&lock);
        }
        return;
    }
    lock_acquire(&lock);
    acquire(who);
    work();
    lock_release(&lock);
}

static void
check(void)
{
    if (atomic_load(&lock.word) != 0 || lock.depth != 0)
        explore_fail("the lock was left taken");
}

/* Counts of turns are of no weight here. */
static bool
is_word(const volatile void *at)
{
    return at == &lock.word;
}

static const struct explore_scene scenes[] = {
    {.name = "two wait",
     .tasks = 2,
     .reset = reset,
     .task = acquire,
     .check = check,
     .shared = is_word},
    {.name = "two, twice",
     .tasks = 2,
     .reset = reset,
     .task = acquire_twice,
     .check = check,
     .shared = is_word},
    {.name = "again within",
     .tasks = 2,
     .reset = reset,
     .task = acquire_again,
     .check = check,
     .shared = is_word},
};

int
main(int argc, char **argv)
{
    return explore_main(argc, argv, scenes, sizeof(scenes) / sizeof(scenes[0]),
                        &broken);
}
