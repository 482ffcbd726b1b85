/*
 * pace.c - see pace.h.
 */
#include "pace.h"

enum { NS_PER_US = 1000 };

/* The least credit that a call acts on. */
static uint64_t
threshold(const struct pace *pace)
{
    return pace->work < pace->piece ? pace->work : pace->piece;
}

/* The most credit that a call may have, passed_ns after the last one. */
static uint64_t
most(const struct pace *pace, int64_t passed_ns)
{
    uint64_t pieces = (uint64_t)passed_ns / PACE_PIECE_NS;

    if (pieces < PACE_PIECES_LEAST)
        pieces = PACE_PIECES_LEAST;
    if (pieces > PACE_PIECES_MOST)
        pieces = PACE_PIECES_MOST;
    return pieces * pace->piece;
}

/* Adds the credit of the time since the last call; the product can not wrap. */
static void
earn(struct pace *pace, int64_t now_ns)
{
    int64_t passed_ns = now_ns - pace->seen_ns;
    uint64_t limit;
    uint64_t us;

    if (passed_ns <= 0)
        return;
    limit = most(pace, passed_ns);
    us = (uint64_t)passed_ns / NS_PER_US;
    pace->seen_ns += (int64_t)(us * NS_PER_US);
    if (us < limit / pace->per_us)
        pace->credit += us * pace->per_us;
    else
        pace->credit = limit;
    if (pace->credit > limit)
        pace->credit = limit;
}

void
pace_begin(struct pace *pace, uint64_t work, uint64_t piece, int64_t span_ns,
           int64_t since_ns, int64_t now_ns)
{
    *pace = (struct pace){
        .work = work,
        .piece = piece,
        .per_us = work / ((uint64_t)span_ns / NS_PER_US + 1) + 1,
        .seen_ns = since_ns,
    };
    earn(pace, now_ns);
    pace->seen_ns = now_ns;
    if (pace->credit < piece)
        pace->credit = piece;
}

uint64_t
pace_due(struct pace *pace, int64_t now_ns)
{
    if (pace->work == 0)
        return 0;
    earn(pace, now_ns);
    if (pace->credit < threshold(pace))
        return 0;
    return pace->credit < pace->work ? pace->credit : pace->work;
}

void
pace_done(struct pace *pace, uint64_t amount)
{
    pace->work -= amount < pace->work ? amount : pace->work;
    pace->credit -= amount < pace->credit ? amount : pace->credit;
}

int64_t
pace_next_ns(const struct pace *pace)
{
    uint64_t wanted = threshold(pace);

    if (pace->work == 0)
        return INT64_MAX;
    if (pace->credit >= wanted)
        return pace->seen_ns;
    return pace->seen_ns +
           (int64_t)((wanted - pace->credit) / pace->per_us + 1) * NS_PER_US;
}
