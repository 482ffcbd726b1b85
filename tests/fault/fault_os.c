/*
 * fault_os.c - see fault_os.h.
 *
 * The real functions are pool/os/os.c's own text, under other names; those that
 * can not fail keep their names. A failing call behaves in the worst way that
 * its contract allows: a purge that fails has purged half of the range.
 */
#define os_reserve real_reserve
#define os_window real_window
#define os_map_at real_map_at
#define os_commit real_commit
#define os_purge real_purge
#define os_populate real_populate
#define os_populate_shared real_populate_shared
#define os_advise_huge real_advise_huge
#define os_map_shared real_map_shared
#define os_map_private real_map_private
#include "../../pool/os/os.c"
#undef os_reserve
#undef os_window
#undef os_map_at
#undef os_commit
#undef os_purge
#undef os_populate
#undef os_populate_shared
#undef os_advise_huge
#undef os_map_shared
#undef os_map_private

#include <stdatomic.h>

#include "fault_os.h"

void *os_reserve(size_t bytes, size_t align);
void *os_window(size_t bytes, size_t align);
bool os_map_at(void *start, size_t bytes);
bool os_commit(void *start, size_t bytes);
bool os_purge(void *start, size_t bytes);
bool os_populate(void *start, size_t bytes);
bool os_populate_shared(void *start, size_t bytes);
bool os_advise_huge(void *start, size_t bytes, bool huge);
bool os_map_shared(void *start, size_t bytes, int fd);
bool os_map_private(void *start, size_t bytes);

static struct fault_plan current;
static _Atomic uint64_t seen;
static _Atomic uint64_t failures;

void
fault_plan(const struct fault_plan *plan)
{
    current = plan != NULL ? *plan : (struct fault_plan){0};
    atomic_store(&seen, 0);
    atomic_store(&failures, 0);
}

uint64_t
fault_seen(void)
{
    return atomic_load(&seen);
}

uint64_t
fault_failed(void)
{
    return atomic_load(&failures);
}

/* A hash of the call's number: the same calls fail in every run. */
static bool
by_chance(uint64_t number)
{
    uint64_t mixed = (number + current.seed) * 0x9e3779b97f4a7c15u;

    mixed ^= mixed >> 32;
    mixed *= 0xd6e8feb86659fd93u;
    return current.chance != 0 && (mixed >> 40) % current.chance == 0;
}

static bool
fails(enum fault_call call)
{
    uint64_t number;

    if (!(current.calls & (unsigned)call))
        return false;
    number = atomic_fetch_add(&seen, 1) + 1;
    if (!(number >= current.from && number < current.to) && !by_chance(number))
        return false;
    atomic_fetch_add(&failures, 1);
    return true;
}

void *
os_reserve(size_t bytes, size_t align)
{
    return fails(FAULT_RESERVE) ? NULL : real_reserve(bytes, align);
}

void *
os_window(size_t bytes, size_t align)
{
    return fails(FAULT_RESERVE) ? NULL : real_window(bytes, align);
}

bool
os_map_at(void *start, size_t bytes)
{
    return !fails(FAULT_COMMIT) && real_map_at(start, bytes);
}

bool
os_commit(void *start, size_t bytes)
{
    return !fails(FAULT_COMMIT) && real_commit(start, bytes);
}

bool
os_purge(void *start, size_t bytes)
{
    if (!fails(FAULT_PURGE))
        return real_purge(start, bytes);
    (void)real_purge(start, align_down(bytes / 2, os_page_bytes()));
    return false;
}

bool
os_populate(void *start, size_t bytes)
{
    return !fails(FAULT_POPULATE) && real_populate(start, bytes);
}

bool
os_populate_shared(void *start, size_t bytes)
{
    return !fails(FAULT_POPULATE_SHARED) && real_populate_shared(start, bytes);
}

bool
os_advise_huge(void *start, size_t bytes, bool huge)
{
    return !fails(FAULT_ADVISE) && real_advise_huge(start, bytes, huge);
}

bool
os_map_shared(void *start, size_t bytes, int fd)
{
    return !fails(FAULT_MAP_SHARED) && real_map_shared(start, bytes, fd);
}

bool
os_map_private(void *start, size_t bytes)
{
    return !fails(FAULT_MAP_PRIVATE) && real_map_private(start, bytes);
}
