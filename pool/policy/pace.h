/*
 * pace.h - spreads the work of a decay window over the calls that come.
 *
 * Model     Time earns credit, at a rate that does the window's work in half
 *           of it. A call works only once the credit suffices for a piece, and
 *           then spends the credit. While calls come often, each does one
 *           piece, two, or nothing. Where they come seldom, a call does the
 *           work of the time that passed, within a small part of that time: a
 *           piece for each PACE_PIECE_NS, up to PACE_PIECES_MOST.
 * Pure      The caller says what time it is. Amounts are in its own units.
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

/* A zeroed one has no work. */
struct pace {
    uint64_t work;   /* left to do */
    uint64_t piece;  /* the least amount that is worth a call */
    uint64_t per_us; /* credit that a microsecond earns */
    uint64_t credit; /* may be spent now */
    int64_t seen_ns; /* until when time has earned */
};

/*
 * So much work is to be done within span_ns from now on. The first piece is
 * due at once, and what the time since since_ns would have earned.
 */
void pace_begin(struct pace *pace, uint64_t work, uint64_t piece,
                int64_t span_ns, int64_t since_ns, int64_t now_ns);

/* How much to do now; 0: nothing yet. */
uint64_t pace_due(struct pace *pace, int64_t now_ns);

/* So much was done. */
void pace_done(struct pace *pace, uint64_t amount);

/* When the next piece is due; INT64_MAX: no work is left. */
int64_t pace_next_ns(const struct pace *pace);

#endif
