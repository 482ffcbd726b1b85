/*
 * need.c - see need.h. Windows are kept in rings, by their numbers.
 */
#include "need.h"

static uint64_t
most(const uint64_t ring[NEED_WINDOWS])
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < NEED_WINDOWS; i++) {
        if (ring[i] > bytes)
            bytes = ring[i];
    }
    return bytes;
}

static uint64_t
sum(const uint64_t ring[NEED_WINDOWS])
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < NEED_WINDOWS; i++)
        bytes += ring[i];
    return bytes;
}

/* Forgets the windows that ended more than a decay time ago. */
static unsigned
turn(struct need *need, uint32_t window)
{
    uint32_t passed = window - need->window;

    for (uint32_t i = 1; i <= passed && i <= NEED_WINDOWS; i++) {
        unsigned at = (need->window + i) % NEED_WINDOWS;

        need->high[at] = 0;
        need->drawn[at] = 0;
        need->absent[at] = 0;
    }
    need->window = window;
    return window % NEED_WINDOWS;
}

/* The need, and a margin, because the next time differs a little. */
static uint64_t
kept(const struct need *need)
{
    uint64_t bytes = most(need->drawn) + NEED_DEMAND_BYTES;

    return bytes > NEED_KEEP_BYTES ? bytes : NEED_KEEP_BYTES;
}

static void
see(struct need *need, unsigned at, uint64_t idle)
{
    uint64_t level = idle + sum(need->absent);
    uint64_t fall;

    if (level > need->high[at])
        need->high[at] = level;
    fall = most(need->high) - level;
    if (fall > need->drawn[at])
        need->drawn[at] = fall;
    if (idle > NEED_START_BYTES && idle > kept(need))
        need->returning = true;
    else if (fall >= NEED_DEMAND_BYTES)
        need->returning = false;
}

uint64_t
need_excess(struct need *need, uint32_t window, uint64_t idle)
{
    see(need, turn(need, window), idle);
    return need->returning && idle > kept(need) ? idle - kept(need) : 0;
}

void
need_returned(struct need *need, uint32_t window, uint64_t bytes)
{
    need->absent[turn(need, window)] += bytes;
}

/* Growth is taken to be the memory that was returned last. */
void
need_grown(struct need *need, uint32_t window, uint64_t bytes)
{
    unsigned at = turn(need, window);

    for (unsigned i = 0; i < NEED_WINDOWS && bytes > 0; i++) {
        uint64_t *absent =
            &need->absent[(at + NEED_WINDOWS - i) % NEED_WINDOWS];
        uint64_t part = *absent < bytes ? *absent : bytes;

        *absent -= part;
        bytes -= part;
    }
}
