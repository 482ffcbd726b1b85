/*
 * space.c - one range of addresses and what is cut from it, see space.h.
 */
#include "space.h"

#include "os.h"
/* For all that is not the slabs': magazines, caches, the page. */
#define SPACE_REST_BYTES ((size_t)256 << 20)

/* Written at start only. start = NULL: pieces are reserved. */
static struct {
    char *start;
    size_t bytes;
    size_t used;
} space;

void
space_init(size_t slab_bytes, size_t align)
{
    space.bytes = align_up(slab_bytes, OS_PAGE_BYTES) + SPACE_REST_BYTES;
    space.start = os_window(space.bytes, align);
    if (space.start != NULL)
        os_name(space.start + space.bytes, OS_PAGE_BYTES,
                "midpool: end of pools");
}

bool
space_reserved(void)
{
    return space.start == NULL;
}

void *
space_piece(size_t bytes, size_t align)
{
    size_t from = align_up(space.used, align);

    if (space_reserved())
        return os_reserve(bytes, align);
    if (bytes > space.bytes - from)
        return NULL;
    space.used = from + align_up(bytes, OS_PAGE_BYTES);
    return space.start + from;
}

bool
space_map(void *start, size_t bytes)
{
    return space_reserved() ? os_commit(start, bytes) : os_map_at(start, bytes);
}

void
space_unmap(void *start, size_t bytes)
{
    /* What is reserved may be committed twice. */
    if (!space_reserved())
        os_release(start, bytes);
}
