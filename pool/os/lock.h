/*
 * lock.h - a small futex lock that knows its owner.
 *
 * Model     One word holds the owner's thread pointer, 0: free, and in its
 *           lowest bit whether somebody waits (after Drepper, "Futexes Are
 *           Tricky", 2011). Owner and lock change at the same moment, because
 *           they are one word: a signal handler that interrupted its thread
 *           anywhere in acquire or release can tell whether the thread holds
 *           the lock, and a fork in a handler does not wait for itself. The
 *           futex is the word's
 *           lower half. Critical sections never allocate. They call only the
 *           kernel and pthread_key_create. Exception: while fork() holds the
 *           slab lock, other libraries' fork handlers run.
 */
#ifndef MIDPOOL_POOL_LOCK_H
#define MIDPOOL_POOL_LOCK_H

#include <pthread.h>
#include <stdatomic.h>

#include "base.h"
#include "lock_stats.h"
#include "os.h"

enum { LOCK_WAITED = 1 };

struct lock {
    _Atomic uint64_t word;
    uint32_t depth;          /* further acquisitions by the holder */
    _Atomic uint32_t turns;  /* times it was released */
    _Atomic uint32_t lost;   /* the holder does not seem to release it */
    _Atomic uint32_t forks;  /* the holder forks, which may take long */
    struct lock_stats stats; /* empty but in a build that measures locks */
};

/*
 * A thread waits a second in all for a holder that does not release the lock.
 * This is longer than a system call takes on an overloaded machine, because
 * buffers may be lost once nobody waits.
 */
enum { LOCK_LOST_WAIT_NS = 5 * 1000 * 1000, LOCK_LOST_TRIES = 200 };

/* The longest time that lock_give_way leaves the lock to others. */
enum { LOCK_GIVE_WAY_NS = 50 * 1000 };

/* Identity of the calling thread; survives a fork, unlike its kernel id. */
static inline uintptr_t
lock_self(void)
{
    return (uintptr_t)pthread_self();
}

static inline bool
lock_held_by_self(struct lock *lock)
{
    uint64_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);

    return (word & ~(uint64_t)LOCK_WAITED) == lock_self();
}

static inline bool
lock_take(struct lock *lock, uint64_t word)
{
    uint64_t expected = 0;

    if (!atomic_compare_exchange_strong_explicit(&lock->word, &expected, word,
                                                 memory_order_acquire,
                                                 memory_order_relaxed))
        return false;
    lock_stats_took(&lock->stats);
    return true;
}

static inline bool
lock_try(struct lock *lock)
{
    return lock_take(lock, lock_self());
}

/* Waits until the lock changes hands, at most about ns (0: without end). */
static inline void
lock_wait(struct lock *lock, int64_t ns)
{
    uint64_t seen = atomic_load_explicit(&lock->word, memory_order_relaxed);

    if (seen == 0)
        return;
    if ((seen & LOCK_WAITED) == 0 &&
        !atomic_compare_exchange_strong_explicit(
            &lock->word, &seen, seen | LOCK_WAITED, memory_order_relaxed,
            memory_order_relaxed))
        return;
    os_wait((uint32_t *)&lock->word, (uint32_t)(seen | LOCK_WAITED), ns);
}

/*
 * The holder may acquire it again: a fork does in a handler that interrupted
 * the holder, and it holds the slab lock while other libraries' fork handlers
 * allocate. Code that may have interrupted a critical section (signal handlers)
 * calls lock_held_by_self first and does without the lock.
 */
static inline void
lock_acquire(struct lock *lock)
{
    if (lock_try(lock))
        return;
    if (lock_held_by_self(lock)) {
        lock->depth++;
        return;
    }
    /*
     * Others may wait as well: a thread that waited sets the mark when it
     * acquires the lock.
     */
    while (!lock_take(lock, lock_self() | LOCK_WAITED))
        lock_wait(lock, 0);
}

/*
 * Waits for the lock as long as it changes hands. False: its holder does not
 * release it. The holder may have left its critical section by siglongjmp from
 * a signal handler. Or it is only slow; then everything is as before when it
 * releases the lock. Until then no other thread waits again.
 */
static inline bool
lock_acquire_soon(struct lock *lock)
{
    uint32_t turn = atomic_load_explicit(&lock->turns, memory_order_relaxed);
    unsigned tries = LOCK_LOST_TRIES;

    if (lock_try(lock))
        return true;
    if (lock_held_by_self(lock)) {
        lock->depth++;
        return true;
    }
    while (!lock_take(lock, lock_self() | LOCK_WAITED)) {
        uint32_t now = atomic_load_explicit(&lock->turns, memory_order_relaxed);

        if (atomic_load_explicit(&lock->lost, memory_order_relaxed))
            return false;
        if (now != turn ||
            atomic_load_explicit(&lock->forks, memory_order_relaxed))
            tries = LOCK_LOST_TRIES;
        else
            tries--;
        turn = now;
        if (tries == 0) {
            atomic_store_explicit(&lock->lost, 1, memory_order_relaxed);
            return false;
        }
        lock_wait(lock, LOCK_LOST_WAIT_NS);
    }
    return true;
}

/* In a forked child, where the lock's holder does not exist. */
static inline void
lock_take_over(struct lock *lock)
{
    atomic_store(&lock->word, lock_self());
    lock->depth = 0;
    atomic_store(&lock->lost, 0);
}

/* Waits for at most about tries times ns. */
static inline bool
lock_acquire_within(struct lock *lock, int64_t ns, unsigned tries)
{
    while (!lock_take(lock, lock_self() | LOCK_WAITED)) {
        if (tries-- == 0)
            return false;
        lock_wait(lock, ns);
    }
    return true;
}

/* Does nothing for a thread that does not hold the lock (purge_slab.c). */
static inline void
lock_release(struct lock *lock)
{
    if (unlikely(!lock_held_by_self(lock)))
        return;
    if (lock->depth > 0) {
        lock->depth--;
        return;
    }
    lock_stats_left(&lock->stats);
    atomic_store_explicit(
        &lock->turns,
        atomic_load_explicit(&lock->turns, memory_order_relaxed) + 1,
        memory_order_relaxed);
    atomic_store_explicit(&lock->lost, 0, memory_order_relaxed);
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) &
        LOCK_WAITED)
        os_wake((uint32_t *)&lock->word);
}

/*
 * Lets others have the lock if they wait for it. False: the lock could not be
 * had again. Requires the lock.
 */
static inline bool
lock_give_way(struct lock *lock)
{
    if (lock->depth > 0 ||
        !(atomic_load_explicit(&lock->word, memory_order_relaxed) &
          LOCK_WAITED))
        return true;
    lock_release(lock);
    /* A thread that wakes up is slower than one that runs. */
    os_wait((uint32_t *)&lock->word, 0, LOCK_GIVE_WAY_NS);
    return lock_acquire_soon(lock);
}

#endif
