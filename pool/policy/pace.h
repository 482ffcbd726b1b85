/*
 * pace.h - spreads the work of a decay window over the calls that come.
 *
 * Model     Time earns credit, at a rate that does the window's work in half
 *           of it. A call works only once the credit suffices for a piece, and
 *           then spends the credit. Frequent calls do one piece, two, or
 *           nothing. A call after a long time does the work of that time in a
 *           small part of it: a piece for each PACE_PIECE_NS, up to
 *           PACE_PIECES_MOST.
 * Pure      The caller passes the time. Amounts are in the caller's units.
 * Thread    One at a time.
 */
#ifndef MIDPOOL_POOL_PACE_H
#define MIDPOOL_POOL_PACE_H

#include "base.h"

enum {
    PACE_PIECES_LEAST = 2,
    PACE_PIECES_MOST = 64,
    PACE_PIECE_NS = 750 * 1000
};

/* A zeroed struct has no work. */
struct pace {
    uint64_t work;   /* left to do */
    uint64_t piece;  /* the least amount that is worth a call */
    uint64_t per_us; /* credit that a microsecond earns */
    uint64_t credit; /* may be spent now */
    int64_t seen_ns; /* credit was earned until then */
};

/*
 * Begins work that is to be done within span_ns from now_ns on. The first piece
 * is due at once, or the work that the time from since_ns on would have earned,
 * if that is more.
 */
void pace_begin(struct pace *pace, uint64_t work, uint64_t piece,
                int64_t span_ns, int64_t since_ns, int64_t now_ns);

/* The amount to do now; 0: nothing yet. */
uint64_t pace_due(struct pace *pace, int64_t now_ns);

/* Notes that amount was done. */
void pace_done(struct pace *pace, uint64_t amount);

/* The time at which the next piece is due; INT64_MAX: no work is left. */
int64_t pace_next_ns(const struct pace *pace);

#endif
