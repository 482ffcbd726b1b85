/*
 * page_size.h - small or huge pages for the next slab, by what both cost.
 *
 * Model     What the first touch of memory costs depends on the machine and its
 *           mood: on a virtual one whose host took memory back, a huge page may
 *           cost ten times what its small pages do, and a fifth on others. So
 *           both are timed, by used page of 4 KB, and the cheaper kind is kept.
 *           A look takes two slabs, one of each kind, or a third where the
 *           huge page was the dearer one: a thread that had to wait for its CPU
 *           sees a dear page, too. The next look follows after LOOK_FIRST
 *           slabs, and each that changes nothing doubles the distance, up to
 *           LOOK_LAST.
 *           Huge pages are timed at every slab, and given up when two in a row
 *           were dear.
 *           Only slabs of a bin that is known to fill its pages count.
 * Pure      Costs are what the caller measured.
 * Thread    One at a time.
 */
#ifndef MIDPOOL_POOL_PAGE_SIZE_H
#define MIDPOOL_POOL_PAGE_SIZE_H

#include "base.h"

enum {
    PAGE_LOOK_FIRST = 16, /* slabs */
    PAGE_LOOK_LAST = 1024,
    PAGE_DEAR_TIMES = 2, /* in a row, until small pages are chosen */
};

/* What to do with the next slab. */
enum page_step {
    PAGE_SMALL,       /* small pages, which the program touches */
    PAGE_SMALL_TIMED, /* and some of them are touched, to time it */
    PAGE_HUGE,        /* a huge page, which is touched and timed */
};

/* A zeroed one knows nothing and begins with a look. */
struct page_size {
    bool huge;         /* chosen */
    bool small_known;  /* the look's first half is done */
    unsigned dear;     /* huge pages in a row that cost more than small ones */
    uint32_t small_ns; /* per page */
    uint32_t left;     /* slabs until the next look */
    uint32_t distance; /* of looks */
};

/* For a slab of a bin that fills its pages, or not. */
enum page_step page_size_next(struct page_size *size, bool dense);

/*
 * The step took so many ns for each page that will be used; UINT32_MAX where
 * there was no huge page to be had.
 */
void page_size_learn(struct page_size *size, enum page_step step, uint32_t ns);

#endif
