/*
 * count_guard.h - keeps the library's own allocations out of the counters.
 *
 * Functions of libc that the library calls may allocate. A guard restores the
 * counters of the calling thread's small allocations, which jemalloc serves:
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
    struct stats_block *block; /* NULL: the pools are not there */
    uint64_t calls[PAGE_WIDTHS];
    uint64_t below_bytes;
};

void count_guard_begin(struct count_guard *mark);
void count_guard_end(const struct count_guard *mark);

/*
 * The function of that name in the libraries after this one; NULL: in none.
 * Before glibc 2.34 each thread's first dlsym allocates.
 */
void *count_guard_find_next(const char *name);

#endif
