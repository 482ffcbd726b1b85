/* live_room.c - see live_room.h. */
#include "live_room.h"

#include <errno.h>
#include <sys/statfs.h>

#include "live_path.h"

enum { SHARE = 10 }; /* pages take at most 1 / SHARE of the bytes */

struct space {
    uint64_t total; /* bytes; 0: no limit */
    uint64_t used;
    uint64_t available;
};

static struct {
    uint64_t pages; /* bytes of all pages at the start, */
    uint64_t used;  /* and of the whole file system */
} start;

static bool
measure(struct space *space)
{
    struct statfs status;

    if (statfs(LIVE_DIRECTORY, &status) != 0)
        return false;

    uint64_t unit = (uint64_t)status.f_bsize;

    space->total = (uint64_t)status.f_blocks * unit;
    space->used = ((uint64_t)status.f_blocks - status.f_bfree) * unit;
    space->available = (uint64_t)status.f_bavail * unit;
    return true;
}

uint64_t
live_room_tenth(void)
{
    struct space space;

    if (!measure(&space) || space.total == 0)
        return UINT64_MAX;
    return space.total / SHARE;
}

void
live_room_start(uint64_t pages_bytes)
{
    struct space space = {0};

    (void)measure(&space);
    start.pages = pages_bytes;
    start.used = space.used;
}

bool
live_room_has(size_t bytes)
{
    struct space space;
    uint64_t pages = start.pages;

    if (!measure(&space))
        return false;
    if (space.total == 0)
        return true;
    if (space.used > start.used)
        pages += space.used - start.used;
    if (bytes <= space.available && pages + bytes <= space.total / SHARE)
        return true;
    errno = ENOSPC;
    return false;
}
