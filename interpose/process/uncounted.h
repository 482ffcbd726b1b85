/*
 * uncounted.h - keeps libc's allocations for the library's own calls out of the
 * counters.
 *
 * For small ones of the calling thread, which go to the fallback allocator:
 *
 *     struct uncounted mark;
 *     uncounted_begin(&mark);
 *     ...
 *     uncounted_end(&mark);
 */
#ifndef MIDPOOL_INTERPOSE_UNCOUNTED_H
#define MIDPOOL_INTERPOSE_UNCOUNTED_H

#include "page.h"

struct uncounted {
    struct stats_block *block; /* NULL: the pools are not there */
    uint64_t calls[PAGE_WIDTHS];
    uint64_t below_bytes;
};

void uncounted_begin(struct uncounted *mark);
void uncounted_end(const struct uncounted *mark);

/*
 * The function of that name in the libraries after this one; NULL: in none.
 * Before glibc 2.34 each thread's first dlsym allocates.
 */
void *uncounted_find_next(const char *name);

#endif
