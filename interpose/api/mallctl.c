/*
 * mallctl.c - jemalloc's control interface, for pools and jemalloc together.
 *
 * Purpose   A program that is linked with libjemalloc asks it how much memory
 *           is in use, and tells it to give memory back. Both concern all of
 *           the program's memory, the pools' included.
 * Model     Every call goes to the jemalloc inside, which knows the names and
 *           judges lengths and rights. The pools then add their part to
 *           stats.*, and give memory back when jemalloc does. Other names
 *           concern jemalloc alone.
 *           The values of stats.* are of the last write to epoch, as in
 *           jemalloc.
 * Ownership No lock: only single words, and a table that is written once, are
 *           kept between calls.
 */
#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>

#include "backend.h"
#include "base.h"
#include "early.h"
#include "midpool_exports.h"
#include "os.h"
#include "pool.h"
#include "usage.h"

enum {
    MIB_MOST = 8,
    INDEX_AT = 1, /* of arena.<i>.* */
    ALL_ARENAS = 4096,
};

/* In an order that groups them. */
enum control {
    CONTROL_EPOCH,
    CONTROL_ALLOCATED,
    CONTROL_ACTIVE,
    CONTROL_METADATA,
    CONTROL_RESIDENT,
    CONTROL_MAPPED,
    CONTROL_RETAINED,
    CONTROL_FLUSH,
    CONTROL_IDLE,
    CONTROL_PURGE,
    CONTROL_DECAY,
    CONTROL_DECAY_MS,
    CONTROL_HOOKS,
    CONTROL_CREATE,
    CONTROL_CREATE_WITH,
    CONTROLS, /* one that the pools have no part in */
};

static const char *const names[CONTROLS] = {
    [CONTROL_EPOCH] = "epoch",
    [CONTROL_ALLOCATED] = "stats.allocated",
    [CONTROL_ACTIVE] = "stats.active",
    [CONTROL_METADATA] = "stats.metadata",
    [CONTROL_RESIDENT] = "stats.resident",
    [CONTROL_MAPPED] = "stats.mapped",
    [CONTROL_RETAINED] = "stats.retained",
    [CONTROL_FLUSH] = "thread.tcache.flush",
    [CONTROL_IDLE] = "thread.idle",
    [CONTROL_PURGE] = "arena.0.purge",
    [CONTROL_DECAY] = "arena.0.decay",
    [CONTROL_DECAY_MS] = "arena.0.dirty_decay_ms",
    [CONTROL_HOOKS] = "arena.0.extent_hooks",
    [CONTROL_CREATE] = "arenas.create",
    [CONTROL_CREATE_WITH] = "experimental.arenas_create_ext",
};

/* A name in jemalloc's numbers; length 0: this jemalloc does not have it. */
struct mib {
    size_t length;
    size_t number[MIB_MOST];
};

static struct mib known[CONTROLS];
enum { NONE, BEING_WRITTEN, WRITTEN };
static atomic_int known_state;

/* The pools' part in stats.*, as of the last write to epoch. */
static _Atomic size_t shares[CONTROLS];
static atomic_bool shares_taken;

static void
find_mibs(struct mib *mibs)
{
    for (unsigned i = 0; i < CONTROLS; i++) {
        mibs[i].length = MIB_MOST;
        if (backend_mallctlnametomib(names[i], mibs[i].number,
                                     &mibs[i].length) != 0)
            mibs[i].length = 0;
    }
}

/* The common table, or own, filled, until the common one is complete. */
static const struct mib *
get_mibs(struct mib *own)
{
    int none = NONE;

    if (atomic_load_explicit(&known_state, memory_order_acquire) == WRITTEN)
        return known;
    find_mibs(own);
    if (atomic_compare_exchange_strong(&known_state, &none, BEING_WRITTEN)) {
        memcpy(known, own, sizeof known);
        atomic_store_explicit(&known_state, WRITTEN, memory_order_release);
    }
    return own;
}

static bool
has_index(unsigned control)
{
    return control >= CONTROL_PURGE && control <= CONTROL_HOOKS;
}

static bool
is_same(unsigned control, const struct mib *mib, const size_t *number,
        size_t length)
{
    if (mib->length != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (mib->number[i] != number[i] &&
            !(i == INDEX_AT && has_index(control)))
            return false;
    }
    return length > 0;
}

static unsigned
control_of(const size_t *number, size_t length)
{
    struct mib own[CONTROLS];
    const struct mib *mibs = get_mibs(own);
    unsigned control = 0;

    while (control < CONTROLS &&
           !is_same(control, &mibs[control], number, length))
        control++;
    return control;
}

/*
 * Idle buffers count as the free pages that jemalloc has yet to give back: they
 * are resident, but not active.
 */
static void
take_shares(void)
{
    struct usage usage = usage_take();
    size_t active = align_up(usage.live, os_page_bytes());
    size_t resident = active + align_up(usage.idle, os_page_bytes()) +
                      align_up(usage.metadata, os_page_bytes());

    atomic_store(&shares[CONTROL_ALLOCATED], usage.live);
    atomic_store(&shares[CONTROL_ACTIVE], active);
    atomic_store(&shares[CONTROL_MAPPED], active);
    atomic_store(&shares[CONTROL_METADATA], usage.metadata);
    atomic_store(&shares[CONTROL_RESIDENT], resident);
    atomic_store(&shares[CONTROL_RETAINED],
                 usage.reserved > resident ? usage.reserved - resident : 0);
    atomic_store(&shares_taken, true);
}

static void
add_share(unsigned control, void *old)
{
    size_t value;

    if (!atomic_load(&shares_taken))
        take_shares();
    memcpy(&value, old, sizeof value);
    value += atomic_load(&shares[control]);
    memcpy(old, &value, sizeof value);
}

/*
 * The pools stand beside the arenas that jemalloc makes for malloc, not beside
 * those that the program created.
 */
static bool
concerns_pools(size_t arena)
{
    return arena == ALL_ARENAS || arena < backend_read("opt.narenas") ||
           arena >= backend_read("arenas.narenas");
}

/*
 * Applies to the pools the action that jemalloc has just applied to itself.
 * Setting the decay time purges, unless it is endless; the pools' own decay
 * time does not change.
 */
static void
do_share(unsigned control, size_t arena, const void *value)
{
    ssize_t decay_ms = 0;

    if (control == CONTROL_EPOCH && value != NULL)
        take_shares();
    if (control == CONTROL_FLUSH || control == CONTROL_IDLE)
        pool_flush();
    if (control < CONTROL_PURGE || control > CONTROL_DECAY_MS ||
        !concerns_pools(arena))
        return;
    if (control == CONTROL_DECAY_MS) {
        if (value == NULL)
            return;
        memcpy(&decay_ms, value, sizeof decay_ms);
    }
    if (control == CONTROL_DECAY)
        (void)pool_tick();
    else if (decay_ms >= 0)
        (void)pool_purge();
}

static int
operate(const size_t *mib, size_t length, void *old, size_t *old_bytes,
        void *value, size_t bytes)
{
    unsigned control = control_of(mib, length);
    int error;

    /* Arenas with the program's own way to memory. */
    if (value != NULL && control >= CONTROL_HOOKS && control < CONTROLS)
        backend_expect_outside();
    error = backend_mallctlbymib(mib, length, old, old_bytes, value, bytes);
    if (error != 0 || control == CONTROLS)
        return error;
    if (control < CONTROL_ALLOCATED || control > CONTROL_RETAINED)
        do_share(control, length > INDEX_AT ? mib[INDEX_AT] : 0, value);
    else if (old != NULL && old_bytes != NULL)
        add_share(control, old);
    return 0;
}

EXPORT int
mallctlbymib(const size_t *mib, size_t length, void *old, size_t *old_bytes,
             void *value, size_t bytes)
{
    early_start();
    return operate(mib, length, old, old_bytes, value, bytes);
}

EXPORT int
mallctlnametomib(const char *name, size_t *mib, size_t *length)
{
    early_start();
    return backend_mallctlnametomib(name, mib, length);
}

EXPORT int
mallctl(const char *name, void *old, size_t *old_bytes, void *value,
        size_t bytes)
{
    size_t mib[MIB_MOST];
    size_t length = MIB_MOST;

    early_start();
    if (backend_mallctlnametomib(name, mib, &length) != 0)
        return backend_mallctl(name, old, old_bytes, value, bytes);
    return operate(mib, length, old, old_bytes, value, bytes);
}
