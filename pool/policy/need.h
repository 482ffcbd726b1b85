/*
 * need.h - how much idle memory a program was seen to need lately.
 *
 * Model     Idle memory is needed as far as it was drawn from: by how much it
 *           fell from its highest level within the decay time. Memory that was
 *           returned to the system counts as idle here until it gets old: where
 *           new memory is touched soon after, it had better been kept. So the
 *           need is an estimate of what comes back, and a program that fills
 *           and frees the same amount again and again is not purged in between
 *           from its second round on.
 *           Until a program freed more than NEED_START_BYTES at a time, all of
 *           it may stay: decay takes it. Beyond, no more stays than the need
 *           and NEED_KEEP_BYTES, until there is demand again.
 * Pure      No clock and no system call: the caller says what it saw. Windows
 *           are decay windows (decay.h), by their numbers.
 * Thread    One at a time.
 */
#ifndef MIDPOOL_POOL_NEED_H
#define MIDPOOL_POOL_NEED_H

#include "base.h"

enum {
    NEED_WINDOWS = 6,             /* the current one and a decay time */
    NEED_KEEP_BYTES = 128 << 20,  /* idle memory that may always stay */
    NEED_START_BYTES = 256 << 20, /* and what it takes to look at it */
    NEED_DEMAND_BYTES = 16 << 20, /* a fall by that much is a demand */
};

/* All bytes. A zeroed one is one that saw nothing. */
struct need {
    uint32_t window;               /* the current one's number */
    bool returning;                /* a mass of frees goes on */
    uint64_t high[NEED_WINDOWS];   /* highest level, by window */
    uint64_t drawn[NEED_WINDOWS];  /* deepest fall below it */
    uint64_t absent[NEED_WINDOWS]; /* returned, and not wanted since */
};

/* So much is idle now. Returns how much of it may go. */
uint64_t need_excess(struct need *need, uint32_t window, uint64_t idle);

/* So much was returned to the system. */
void need_returned(struct need *need, uint32_t window, uint64_t bytes);

/* So much new memory is going to be touched. */
void need_grown(struct need *need, uint32_t window, uint64_t bytes);

#endif
