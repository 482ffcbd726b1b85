/*
 * count_guard.h - keeps the library's own allocations out of the counters.
 *
 * Functions of libc that the library calls may allocate small blocks, which
 * jemalloc serves. A guard restores the calling thread's counters of these:
 *
 *     struct count_guard mark;
 *     count_guard_begin(&mark);
 *     ...
 *     count_guard_end(&mark);
 */
#ifndef MIDPOOL_INTERPOSE_COUNT_GUARD_H
#define MIDPOOL_INTERPOSE_COUNT_GUARD_H

#include "page.h"

struct count_guard {
    struct stats_block *block; /* NULL: the thread has none */
    uint64_t calls[PAGE_WIDTHS];
    uint64_t below_bytes;
};

void count_guard_begin(struct count_guard *mark);
void count_guard_end(const struct count_guard *mark);

/*
 * Finds the function of that name in the libraries after this one, under a
 * guard, because before glibc 2.34 each thread's first dlsym allocates. NULL:
 * none has it.
 */
void *count_guard_find_next(const char *name);

#endif
