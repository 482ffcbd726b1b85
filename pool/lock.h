/*
 * lock.h - a small futex lock that knows its owner.
 *
 * Model     One word holds the owner's thread pointer, 0: free, and in its
 *           lowest bit whether somebody waits (after Drepper, "Futexes Are
 *           Tricky", 2011). Being one word, owner and lock change at the same
 *           moment: a signal handler that interrupted its own thread anywhere
 *           in acquire or release knows whether it has the lock, and a fork
 *           in a handler does not wait for itself. The futex is the word's
 *           lower half. Critical sections never allocate, and call nothing
 *           but the system, pthread_key_create, and what a fork calls while
 *           it holds the slab lock: fork handlers of other libraries.
 */
#ifndef MIDPOOL_POOL_LOCK_H
#define MIDPOOL_POOL_LOCK_H

#include <stdatomic.h>

#include "base.h"
#include "os.h"

enum { LOCK_WAITED = 1 };

struct lock {
    _Atomic uint64_t word;
    uint32_t depth; /* acquired that often more by its holder */
};

/* Identity of the calling thread; survives a fork, unlike its kernel id. */
static inline uintptr_t
lock_self(void)
{
    return (uintptr_t)__builtin_thread_pointer();
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

    return atomic_compare_exchange_strong_explicit(&lock->word, &expected, word,
                                                   memory_order_acquire,
                                                   memory_order_relaxed);
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
 * allocate. Whoever may have interrupted a critical section (signal handlers)
 * asks lock_held_by_self first and goes elsewhere.
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
    /* Others may wait as well: whoever waited says so when it has it. */
    while (!lock_take(lock, lock_self() | LOCK_WAITED))
        lock_wait(lock, 0);
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

static inline void
lock_release(struct lock *lock)
{
    pool_assert(lock_held_by_self(lock));
    if (lock->depth > 0) {
        lock->depth--;
        return;
    }
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) &
        LOCK_WAITED)
        os_wake((uint32_t *)&lock->word);
}

#endif
