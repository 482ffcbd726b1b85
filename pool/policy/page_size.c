/*
 * page_size.c - see page_size.h.
 */
#include "page_size.h"

enum page_step
page_size_next(struct page_size *size, bool dense)
{
    if (!dense)
        return PAGE_SMALL;
    if (size->left == 0)
        return size->small_known ? PAGE_HUGE : PAGE_SMALL_TIMED;
    size->left--;
    return size->huge ? PAGE_HUGE : PAGE_SMALL;
}

/* Ends a look. The distance to the next doubles if it changed nothing. */
static void
choose(struct page_size *size, bool huge)
{
    if (size->distance == 0 || huge != size->huge)
        size->distance = PAGE_LOOK_FIRST;
    else if (size->distance < PAGE_LOOK_LAST)
        size->distance *= 2;
    size->huge = huge;
    size->left = size->distance;
    size->small_known = false;
    size->dear = 0;
}

static void
learn_huge(struct page_size *size, uint32_t ns)
{
    if (ns >= size->small_ns) {
        if (++size->dear == PAGE_DEAR_TIMES)
            choose(size, false);
        return;
    }
    size->dear = 0;
    if (size->small_known)
        choose(size, true);
}

void
page_size_learn(struct page_size *size, enum page_step step, uint32_t ns)
{
    if (step == PAGE_HUGE)
        learn_huge(size, ns);
    if (step != PAGE_SMALL_TIMED)
        return;
    size->small_ns = ns;
    size->small_known = true;
}
