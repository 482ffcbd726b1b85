/*
 * page_trial.h - thp:auto: slabs whose pages are timed (page_size.h).
 *
 * Model     A bin may get huge pages when it grows and fills them: it has
 *           TRIAL_BIN_SLABS slabs, and of the last but one that it got with
 *           small pages, at least 7 of 8 are resident (mincore). So a huge page
 *           costs at most a seventh more memory than small ones would, and the
 *           bin's newest slab, which is not filled yet, an eighth of the bin:
 *           the bound of memory with thp:auto is that of thp:never and 2 / 7.
 *           A slab's huge page is touched here, once, and the advice is taken
 *           back, so that the kernel makes none of what is left of a slab whose
 *           idle pages were returned.
 * Thread    Requires the slab lock, which is released while pages are touched.
 */
#ifndef MIDPOOL_POOL_PAGE_TRIAL_H
#define MIDPOOL_POOL_PAGE_TRIAL_H

#include "base.h"

/*
 * Assigns a clean or new slab to the bin, as growth_assign. Returns its
 * number; UINT32_MAX: none, or the lock was not to be had again.
 */
uint32_t page_trial_assign(unsigned bin);

#endif
