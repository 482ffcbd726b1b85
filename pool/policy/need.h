/*
 * need.h - an estimate of the idle memory that a program needs.
 *
 * Model     The need is the largest fall of idle memory from its highest level
 *           within the decay time. Memory that was returned to the system
 *           counts as idle here for a decay time: if new memory is touched
 *           within it, it was wrong to return that much. The need thus
 *           estimates the memory that comes back in use, and a program that
 *           fills and frees the same amount again and again is not purged in
 *           between from its second round on.
 *           While no more than NEED_START_BYTES are idle, all of it may stay;
 *           decay returns it. Once more is idle, no more stays than the need
 *           or NEED_KEEP_BYTES, the larger, until there is demand again.
 * Pure      No clock and no system call: the caller passes what it measured.
 *           Windows are decay windows (decay.h), by their numbers.
 * Thread    One at a time.
 */
#ifndef MIDPOOL_POOL_NEED_H
#define MIDPOOL_POOL_NEED_H

#include "base.h"

enum {
    NEED_WINDOWS = 6,             /* the current one and a decay time */
    NEED_KEEP_BYTES = 128 << 20,  /* idle memory that may always stay */
    NEED_START_BYTES = 256 << 20, /* idle memory from which on it is returned */
    NEED_DEMAND_BYTES = 16 << 20, /* a fall by that much is demand */
};

/* Amounts are bytes. A zeroed struct has seen nothing. */
struct need {
    uint32_t window;               /* the current one's number */
    bool returning;                /* a mass of frees goes on */
    uint64_t high[NEED_WINDOWS];   /* highest level, by window */
    uint64_t drawn[NEED_WINDOWS];  /* deepest fall below it */
    uint64_t absent[NEED_WINDOWS]; /* returned, and not wanted since */
};

/* Notes that idle bytes are idle now. Returns how many may be returned. */
uint64_t need_excess(struct need *need, uint32_t window, uint64_t idle);

/* Notes bytes that were returned to the system. */
void need_returned(struct need *need, uint32_t window, uint64_t bytes);

/* Notes bytes of new memory that will be touched. */
void need_grown(struct need *need, uint32_t window, uint64_t bytes);

#endif
