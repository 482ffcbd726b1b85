/*
 * page_trial.h - thp:auto: slabs whose pages are timed (page_size.h).
 *
 * Model     A bin may get huge pages when it fills its pages: all slots of its
 *           last slab with small pages were given out, and at least 7 of 8 of
 *           its pages are resident (mincore). The next look follows after
 *           FILL_LOOK_FIRST slabs, and each that changes nothing doubles the
 *           distance, up to FILL_LOOK_LAST; for a look, the bin gets small
 *           pages once. A huge page thus costs at most a seventh more memory
 *           than small ones would. The part of huge slabs of which no slot was
 *           taken yet is at most an eighth of the pools' memory. Programs with
 *           less than 16 MB in the pools therefore get no huge pages.
 *           A huge page is touched here, once, when one of its two slabs is
 *           assigned and the other is clean, and the advice is taken back.
 *           Otherwise the kernel might make a huge page again of slabs whose
 *           idle pages were returned. The other slab, whose memory is present
 *           as well, serves whichever bin needs a slab next, unless the last
 *           look found that this bin does not fill its pages. Until then it is
 *           clean, and no purge returns its memory.
 * Seccomp   If a filter forbids it, or was in force at the start, no residence
 *           is asked for and no advice is given (os_can_ask_residence).
 * Thread    Requires the slab lock, which is released while pages are touched.
 */
#ifndef MIDPOOL_POOL_PAGE_TRIAL_H
#define MIDPOOL_POOL_PAGE_TRIAL_H

#include "base.h"

/*
 * Assigns a clean or new slab to the bin, as growth_assign does. Returns its
 * number; UINT32_MAX: none, or the lock could not be had again.
 */
uint32_t page_trial_assign(unsigned bin);

/* Did the last look find huge pages cheaper? Thread-safe. */
bool page_trial_prefers_huge(void);

#endif
