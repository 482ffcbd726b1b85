/*
 * decay.c - see decay.h.
 */
#include "decay.h"

#include "depot.h"
#include "drain.h"
#include "idle_slab.h"
#include "lock.h"
#include "pace.h"
#include "purge_slab.h"
#include "settings.h"
#include "slab.h"

enum {
    DRAIN_SLOTS = 256, /* moved by a piece */
    LOOK_SLABS = 256,  /* looked at by one tick, at most */
    SPAN_SHARE = 2,    /* work is spread over this part of the window */
    PAUSE_WINDOWS = WINDOWS_PER_DECAY - 1,
    SELDOM_NS = 20 * 1000 * 1000, /* between looks that are seldom */
};

_Atomic int64_t decay_next_ns;

static struct {
    int64_t end_ns;    /* of the window; 0: none began */
    int64_t seen_ns;   /* time of the last tick that got the lock */
    bool paused;       /* the depots' slots are as old as the pause */
    struct pace drain; /* slots */
    struct pace purge; /* bytes */
    uint32_t cursor;   /* the next slab to look at, going round */
    uint32_t unseen;   /* slabs that this window has not looked at yet */
} decay;

static int64_t
span_ns(void)
{
    return settings.window_ns / SPAN_SHARE;
}

static void
next_window(void)
{
    __atomic_store_n(&slab_window, slab_window + 1, __ATOMIC_RELAXED);
}

/*
 * The work is the idle bytes and a piece for each slab, because a system call
 * takes time for few pages as well.
 */
static void
begin_purge(int64_t since_ns, int64_t now_ns)
{
    uint64_t piece = purge_piece().bytes;
    uint64_t bytes = idle_slab_bytes();

    if (bytes > 0)
        bytes += slab_assigned_total * piece;
    pace_begin(&decay.purge, bytes, piece, span_ns(), since_ns, now_ns);
    decay.unseen = slab_assigned_total;
}

/*
 * After a pause of decay_ms without ticks, everything in depots and slabs was
 * idle for that long and is returned.
 */
static void
begin_window(int64_t since_ns, int64_t now_ns)
{
    bool paused = now_ns - decay.end_ns >= PAUSE_WINDOWS * settings.window_ns;

    if (paused || now_ns - since_ns < SELDOM_NS)
        since_ns = now_ns;
    else if (since_ns < decay.seen_ns)
        since_ns = decay.seen_ns;
    next_window();
    decay.end_ns = now_ns + settings.window_ns;
    decay.paused = paused;
    pace_begin(&decay.drain, drain_note(paused ? depot_count : depot_window),
               DRAIN_SLOTS, span_ns(), since_ns, now_ns);
    begin_purge(since_ns, now_ns);
}

/*
 * Drains the depots by the amount that is due. True: the window's drain is
 * complete. The slab lock may be lost.
 */
static bool
drain_due(int64_t now_ns)
{
    uint64_t due;

    while ((due = pace_due(&decay.drain, now_ns)) > 0) {
        uint64_t part = due < DRAIN_SLOTS ? due : DRAIN_SLOTS;
        uint64_t moved =
            drain_noted(part < MAGAZINE_ROUNDS ? MAGAZINE_ROUNDS : part);

        pace_done(&decay.drain, moved > 0 ? moved : decay.drain.work);
        if (!lock_give_way(&slab_lock))
            return false;
    }
    return decay.drain.work == 0;
}

static bool
worth_purging(uint32_t number)
{
    const struct slab *slab = slab_at(number);

    return slab->assigned && !slab->purging && slab->warm_free > 0 &&
           slab_window != slab->stamp;
}

/* The next slab in turn; UINT32_MAX: this window has looked at all. */
static uint32_t
next_slab(void)
{
    uint32_t number;

    if (decay.unseen == 0)
        return UINT32_MAX;
    number = region_next_used(decay.cursor);
    if (number == UINT32_MAX)
        number = region_next_used(0);
    return number;
}

/* Returns some of the slab's pages; moves to the next slab after the last. */
static void
purge_at(uint32_t number)
{
    size_t piece = purge_piece().bytes;
    size_t bytes = 0;

    if (worth_purging(number))
        bytes = purge_slab_piece(number, purge_piece());
    pace_done(&decay.purge, bytes > 0 && bytes < piece ? piece : bytes);
    if (bytes == 0 || !worth_purging(number)) {
        decay.cursor = number + 1;
        decay.unseen--;
    }
    /* The work was an estimate: go on while slabs are left. */
    if (decay.purge.work == 0 && decay.unseen > 0)
        decay.purge.work = piece;
}

static void
purge_due(int64_t now_ns)
{
    unsigned looks = LOOK_SLABS;

    while (looks-- > 0 && pace_due(&decay.purge, now_ns) > 0) {
        uint32_t number = next_slab();

        if (number == UINT32_MAX) {
            decay.purge.work = 0;
            return;
        }
        purge_at(number);
        if (!lock_held_by_self(&slab_lock))
            return;
    }
}

/* The time at which decay_tick has work again. */
static int64_t
next_ns(void)
{
    int64_t next = decay.end_ns;
    int64_t drain = pace_next_ns(&decay.drain);
    int64_t purge = pace_next_ns(&decay.purge);

    if (drain < next)
        next = drain;
    if (purge < next && !decay.paused)
        next = purge;
    return next;
}

/* Requires slab_lock, which may be lost meanwhile. */
static void
work(int64_t since_ns, int64_t now_ns)
{
    if (decay.end_ns == 0)
        decay.end_ns = now_ns + settings.window_ns;
    else if (now_ns >= decay.end_ns)
        begin_window(since_ns, now_ns);
    decay.seen_ns = now_ns;
    if (drain_due(now_ns) && decay.paused) {
        decay.paused = false;
        next_window();
        begin_purge(now_ns, now_ns);
    }
    if (!decay.paused && lock_held_by_self(&slab_lock))
        purge_due(now_ns);
    atomic_store(&decay_next_ns, next_ns());
}

void
decay_tick(int64_t since_ns, int64_t now_ns)
{
    if (settings.window_ns <= 0 ||
        now_ns < atomic_load_explicit(&decay_next_ns, memory_order_relaxed) ||
        lock_held_by_self(&slab_lock) || !lock_try(&slab_lock))
        return;
    work(since_ns, now_ns);
    lock_release(&slab_lock);
}
