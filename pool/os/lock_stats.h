/*
 * lock_stats.h - how often a lock is taken and how long it is held, in CPU
 * time; nothing at all unless the build has -Dlock_stats=true.
 *
 * Model     The figures are part of the lock and written by its holder alone.
 *           At the end a process appends lines to the file that
 *           MIDPOOL_LOCK_STATS names: "process PID CPU_NS" and for each lock
 *           that was taken "lock PID NAME TAKEN HELD_NS". CPU times are
 *           without those of the measuring clock itself. A process that ends
 *           by _exit or a signal appends nothing.
 */
#ifndef MIDPOOL_POOL_LOCK_STATS_H
#define MIDPOOL_POOL_LOCK_STATS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef MIDPOOL_LOCK_STATS

struct lock_stats {
    const char *name;
    uint64_t taken;
    uint64_t held_ns; /* the holder's CPU time */
    int64_t since;    /* its clock when it took the lock */
    bool listed;
    struct lock_stats *next;
};

/* Initialises a lock that is to have a name. */
#define LOCK_NAMED(text)                                                       \
    {                                                                          \
        .stats = {.name = (text) }                                             \
    }

/* The calling thread took the lock, or is about to release it. */
void lock_stats_took(struct lock_stats *stats);
void lock_stats_left(struct lock_stats *stats);

#else

struct lock_stats {
};

#define LOCK_NAMED(text)                                                       \
    {                                                                          \
        .stats = {}                                                            \
    }

static inline void
lock_stats_took(struct lock_stats *stats)
{
    (void)stats;
}

static inline void
lock_stats_left(struct lock_stats *stats)
{
    (void)stats;
}

#endif

#endif
