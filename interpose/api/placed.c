/* placed.c - see placed.h. */
#include "placed.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "backend.h"
#include "early.h"
#include "foreign.h"
#include "note.h"
#include "route.h"
#include "sample.h"
#include "serve.h"

static int
bin_of(size_t bytes, int flags)
{
    if (placed_selects(flags))
        return ROUTE_NO_BIN;
    return route_bin_aligned(placed_align(flags), bytes);
}

/* The size of a buffer that is not guarded. */
static size_t
class_bytes(size_t bytes, int flags)
{
    int bin = bin_of(bytes, flags);

    early_start();
    if (bin == ROUTE_NO_BIN || region.slabs == 0)
        return backend_nallocx(bytes, flags);
    return bin_info[bin].slot_bytes;
}

/*
 * The size that a request with these flags promises: the program may use all of
 * it, and a guarded buffer has just the bytes that were asked for.
 */
size_t
placed_bytes(size_t bytes, int flags)
{
    if (guard_is_on() && bin_of(bytes, flags) != ROUTE_NO_BIN)
        return bytes;
    return class_bytes(bytes, flags);
}

void *
placed_get(size_t bytes, int flags)
{
    int bin = bin_of(bytes, flags);
    void *slot;
    bool zero;

    if (bin == ROUTE_NO_BIN) {
        uint64_t rate = route_count_fallback(bytes);

        return sample_tell_outside(route_ask_flagged(NULL, bytes, flags), bytes,
                                   rate);
    }
    slot = route_get_bin((unsigned)bin, placed_align(flags), bytes, &zero);
    if (slot == NULL)
        return route_ask_flagged(NULL, bytes, flags);
    if ((flags & PLACED_LG_ALIGN) != 0)
        cache_note((unsigned)bin, NOTE_ALIGNED);
    if ((flags & PLACED_ZERO) == 0)
        return slot;
    cache_note((unsigned)bin, NOTE_CALLOC);
    return zero ? slot : memset(slot, 0, cache_slot_room(slot, (unsigned)bin));
}

/*
 * Would the request get a buffer like this one? Judged by the real size,
 * because the class below the band ends at the band's lower edge.
 */
static bool
suits(const void *ptr, size_t real, size_t bytes, int flags)
{
    int only_align = flags & PLACED_LG_ALIGN;

    return (uintptr_t)ptr % placed_align(flags) == 0 &&
           (guard_owns(ptr) ? bytes : class_bytes(bytes, only_align)) == real;
}

static void *
move(void *ptr, size_t bytes, int flags)
{
    size_t held = route_usable_size(ptr);
    void *moved = placed_get(bytes, flags & ~PLACED_ZERO);
    size_t room;

    if (moved == NULL)
        return NULL;
    room = route_usable_size(moved);
    memcpy(moved, ptr, held < room ? held : room);
    if ((flags & PLACED_ZERO) != 0 && room > held)
        memset((char *)moved + held, 0, room - held);
    return moved;
}

static void *
resize_pooled(void *slot, unsigned bin, size_t bytes, int flags)
{
    void *moved;

    if (suits(slot, cache_slot_room(slot, bin), bytes, flags)) {
        cache_note(bin, NOTE_IN_PLACE);
        return slot;
    }
    moved = move(slot, bytes, flags);
    if (moved == NULL)
        return NULL;
    cache_note(bin, NOTE_MOVED);
    route_put(slot);
    return moved;
}

void *
placed_resize(void *ptr, size_t bytes, int flags)
{
    int bin = cache_slot_bin(ptr);
    void *moved;

    if (bin >= 0)
        return resize_pooled(ptr, (unsigned)bin, bytes, flags);
    if (bin == CACHE_BIN_MISUSED) {
        errno = EINVAL;
        return NULL;
    }
    if (backend_owns(ptr) && bin_of(bytes, flags) == ROUTE_NO_BIN) {
        uint64_t rate = route_count_fallback(bytes);

        sample_end_outside(ptr);
        return sample_tell_outside(route_ask_flagged(ptr, bytes, flags), bytes,
                                   rate);
    }
    if (suits(ptr, route_usable_size(ptr), bytes, flags))
        return ptr;
    moved = move(ptr, bytes, flags);
    if (moved != NULL)
        route_put(ptr);
    return moved;
}

size_t
placed_resize_here(void *ptr, size_t bytes, size_t extra, int flags)
{
    int bin = cache_slot_bin(ptr);

    if (bin >= 0)
        return cache_slot_room(ptr, (unsigned)bin);
    if (bin == CACHE_BIN_MISUSED)
        return 0;
    return backend_owns(ptr) ? backend_xallocx(ptr, bytes, extra, flags)
                             : foreign_usable_size(ptr);
}
