/*
 * lock.h - a small futex lock that knows its owner.
 *
 * Model     0 free, 1 held, 2 held and somebody waits (Drepper, "Futexes Are
 *           Tricky", 2011). The owner is recorded so that a fork in a signal
 *           handler that interrupted the critical section does not wait for
 *           itself. Critical sections never call out and never allocate.
 */
#ifndef MIDPOOL_POOL_LOCK_H
#define MIDPOOL_POOL_LOCK_H

#include <stdatomic.h>

#include "base.h"
#include "os.h"

struct lock {
    _Atomic uint32_t word;
    uint32_t again;          /* acquired that often by its holder */
    _Atomic uintptr_t owner; /* thread pointer of the holder, 0: none */
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
    return atomic_load_explicit(&lock->owner, memory_order_relaxed) ==
           lock_self();
}

static inline bool
lock_try(struct lock *lock)
{
    uint32_t expected = 0;

    if (!atomic_compare_exchange_strong_explicit(&lock->word, &expected, 1,
                                                 memory_order_acquire,
                                                 memory_order_relaxed))
        return false;
    atomic_store_explicit(&lock->owner, lock_self(), memory_order_relaxed);
    return true;
}

/*
 * The holder may acquire it again: a fork holds the slab lock while other
 * libraries' fork handlers allocate. Whoever may have interrupted a critical
 * section (signal handlers) asks lock_held_by_self first and goes elsewhere.
 */
static inline void
lock_acquire(struct lock *lock)
{
    if (lock_try(lock))
        return;
    if (lock_held_by_self(lock)) {
        lock->again++;
        return;
    }
    while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) != 0)
        os_wait((uint32_t *)&lock->word, 2, 0);
    atomic_store_explicit(&lock->owner, lock_self(), memory_order_relaxed);
}

/* Waits for at most about tries times ns. */
static inline bool
lock_acquire_within(struct lock *lock, int64_t ns, unsigned tries)
{
    while (atomic_exchange_explicit(&lock->word, 2, memory_order_acquire) !=
           0) {
        if (tries-- == 0)
            return false;
        os_wait((uint32_t *)&lock->word, 2, ns);
    }
    atomic_store_explicit(&lock->owner, lock_self(), memory_order_relaxed);
    return true;
}

static inline void
lock_release(struct lock *lock)
{
    pool_assert(lock_held_by_self(lock));
    if (lock->again > 0) {
        lock->again--;
        return;
    }
    atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
    if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) == 2)
        os_wake((uint32_t *)&lock->word);
}

#endif
