/*
 * space.c - one range of addresses and the pieces cut from it, see space.h.
 */
#include "space.h"

#include <stdatomic.h>

#include "os.h"

/* Address space for everything but slabs: magazines, caches, the page. */
#define SPACE_REST_BYTES ((size_t)256 << 20)

/* Written at start, but for taken. start = NULL: pieces are reserved. */
static struct {
    char *start;
    size_t bytes;
    size_t used;
    _Atomic size_t taken; /* mapped or, where that is all, reserved */
} space;

/*
 * The last mappings, written under the slab lock. A caller that maps one of
 * them once more left by siglongjmp before it had noted the first time.
 */
static struct {
    void *start;
    size_t bytes;
} recent[4];

void
space_init(size_t slab_bytes, size_t align)
{
    space.bytes = align_up(slab_bytes, os_page_bytes()) + SPACE_REST_BYTES;
    space.start = os_window(space.bytes, align);
    if (space.start != NULL)
        os_name(space.start + space.bytes, os_page_bytes(),
                "midpool: end of pools");
}

bool
space_reserved(void)
{
    return space.start == NULL;
}

static void
count(size_t bytes)
{
    atomic_fetch_add_explicit(&space.taken, bytes, memory_order_relaxed);
}

void *
space_piece(size_t bytes, size_t align)
{
    size_t from = align_up(space.used, align);

    pool_assert(align >= os_page_bytes());
    if (space_reserved()) {
        void *start = os_reserve(bytes, align);

        count(start != NULL ? bytes : 0);
        return start;
    }
    if (bytes > space.bytes - from)
        return NULL;
    space.used = from + align_up(bytes, os_page_bytes());
    return space.start + from;
}

void *
space_pair(size_t bytes, size_t distance, size_t align)
{
    char *second;

    if (!space_reserved() || distance == bytes)
        return space_piece(distance + bytes, align);
    second = os_reserve(bytes, align);
    if (second == NULL)
        return NULL;
    if (os_reserve_at(second - distance, bytes)) {
        count(2 * bytes);
        return second - distance;
    }
    os_release(second, bytes);
    return NULL;
}

static void
note_mapped(void *start, size_t bytes)
{
    __builtin_memmove(&recent[1], &recent[0], sizeof(recent) - sizeof(*recent));
    recent[0].start = start;
    recent[0].bytes = bytes;
}

static void
forget_mapped(const void *start, bool release)
{
    for (unsigned i = 0; i < sizeof(recent) / sizeof(*recent); i++) {
        if (recent[i].start != start)
            continue;
        if (release) {
            os_release(recent[i].start, recent[i].bytes);
            count(-recent[i].bytes);
        }
        recent[i].start = NULL;
    }
}

bool
space_map(void *start, size_t bytes)
{
    if (space_reserved())
        return os_commit(start, bytes);
    forget_mapped(start, true);
    note_mapped(start, bytes);
    if (!os_map_at(start, bytes)) {
        forget_mapped(start, false);
        return false;
    }
    count(bytes);
    return true;
}

void
space_unmap(void *start, size_t bytes)
{
    /* Reserved memory may be committed twice. */
    if (space_reserved())
        return;
    forget_mapped(start, false);
    os_release(start, bytes);
    count(-bytes);
}

bool
space_set_aside(void *start, size_t bytes)
{
    if (space_reserved())
        return true;
    if (!os_reserve_at(start, bytes))
        return false;
    count(bytes);
    return true;
}

size_t
space_taken_bytes(void)
{
    return atomic_load_explicit(&space.taken, memory_order_relaxed);
}
