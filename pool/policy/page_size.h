/*
 * page_size.h - small or huge pages for the next slab, by their cost.
 *
 * Model     The cost of the first touch of memory depends on the machine and
 *           its load. On a virtual machine whose host took memory back, a huge
 *           page may cost ten times as much as its small pages; on others, a
 *           fifth. Both are therefore timed, per used page of 4 KB, and the
 *           cheaper kind is used.
 *           A look takes two slabs, one of each kind, and a third if the huge
 *           page was dearer, because a wait for the CPU makes a page look dear
 *           as well. The next look follows after PAGE_LOOK_FIRST slabs, and
 *           each that changes nothing doubles the distance, up to
 *           PAGE_LOOK_LAST.
 *           Huge pages are timed at every slab, and given up when two in a row
 *           were dear.
 *           Only slabs of a bin that is known to fill its pages count.
 * Pure      The caller measures the costs.
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

/* The kind of pages of the next slab. */
enum page_step {
    PAGE_SMALL,       /* small pages, which the program touches */
    PAGE_SMALL_TIMED, /* small pages, some of which are touched and timed */
    PAGE_HUGE,        /* a huge page, which is touched and timed */
};

/* A zeroed struct knows nothing and begins with a look. */
struct page_size {
    bool huge;         /* chosen */
    bool small_known;  /* the look's first half is done */
    unsigned dear;     /* huge pages in a row that cost more than small ones */
    uint32_t small_ns; /* per page */
    uint32_t left;     /* slabs until the next look */
    uint32_t distance; /* of looks */
};

/* The step for the next slab of a bin. dense: the bin fills its pages. */
enum page_step page_size_next(struct page_size *size, bool dense);

/*
 * Notes the ns that the step took for each page that will be used; UINT32_MAX
 * if the system gave no huge page.
 */
void page_size_learn(struct page_size *size, enum page_step step, uint32_t ns);

#endif
