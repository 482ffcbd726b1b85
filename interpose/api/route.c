/*
 * route.c - see route.h.
 */
#include "route.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "backend.h"
#include "early.h"
#include "fast.h"
#include "foreign.h"
#include "misuse.h"
#include "note.h"
#include "sample.h"
#include "serve.h"

/* A buffer kept its slot, far too large for it, for want of another. */
static atomic_bool kept_large_slot;

atomic_bool route_served;

static void
note_served(void)
{
    atomic_store_explicit(&route_served, true, memory_order_relaxed);
}

/*
 * A request to the backend. align: a power of two, or 0: malloc's. ptr:
 * the block to resize, or NULL. flagged: as mallocx and rallocx, with flags.
 */
struct request {
    void *ptr;
    size_t align;
    size_t bytes;
    int flags;
    bool flagged;
    bool zero;
};

static void *
ask_flagged(struct request request)
{
    if (request.ptr != NULL)
        return backend_rallocx(request.ptr, request.bytes, request.flags);
    return backend_mallocx(request.bytes, request.flags);
}

static void *
ask_once(struct request request)
{
    if (request.flagged)
        return ask_flagged(request);
    if (request.ptr != NULL)
        return backend_realloc(request.ptr, request.bytes);
    if (request.align != 0)
        return backend_memalign(request.align, request.bytes);
    return request.zero ? backend_calloc(1, request.bytes)
                        : backend_malloc(request.bytes);
}

/*
 * NULL, with ENOMEM, only if there is none after all that is idle was given
 * back, or if there can never be so much. Success keeps errno, which jemalloc's
 * start and a first refusal change.
 */
static void *
ask_backend(struct request request)
{
    int kept = errno;
    void *ptr = ask_once(request);

    if (unlikely(ptr == NULL) && request.bytes <= PTRDIFF_MAX) {
        backend_give_back();
        ptr = ask_once(request);
    }
    errno = likely(ptr != NULL) ? kept : ENOMEM;
    return ptr;
}

static void *
ask(size_t bytes)
{
    return ask_backend((struct request){.bytes = bytes});
}

static void *
ask_zero(size_t bytes)
{
    return ask_backend((struct request){.bytes = bytes, .zero = true});
}

static void *
ask_aligned(size_t align, size_t bytes)
{
    return ask_backend((struct request){.align = align, .bytes = bytes});
}

void *
route_ask_flagged(void *ptr, size_t bytes, int flags)
{
    return ask_backend((struct request){
        .ptr = ptr, .bytes = bytes, .flags = flags, .flagged = true});
}

/* A slot of the bin; NULL is a bypass, counted as such. */
static void *
get_slow(unsigned bin, size_t align, size_t bytes, enum cache_taken taken,
         bool *zero)
{
    void *slot;

    early_start();
    slot = cache_get_slow_aligned(bin, align, bytes, taken, zero);
    if (slot == NULL)
        cache_note(bin, NOTE_BYPASS);
    return slot;
}

static void *
get(unsigned bin, size_t bytes, enum cache_taken taken, bool *zero)
{
    return get_slow(bin, 1, bytes, taken, zero);
}

noinline void *
route_get(size_t bytes, enum cache_taken taken)
{
    bool zero;
    void *slot;

    note_served();
    slot = get(size_bin(bytes), bytes, taken, &zero);
    return slot != NULL ? slot : ask(bytes);
}

void *
route_get_zero(size_t bytes)
{
    unsigned bin = size_bin(bytes);
    enum cache_taken taken;
    void *slot = cache_get_fast(bytes, &taken);
    bool zero = false;

    if (unlikely(slot == NULL))
        slot = get(bin, bytes, taken, &zero);
    if (unlikely(slot == NULL))
        return ask_zero(bytes);
    cache_note(bin, NOTE_CALLOC);
    return zero ? slot : memset(slot, 0, bytes);
}

int
route_bin_aligned(size_t align, size_t bytes)
{
    if (!size_in_band(bytes) || align > BIN_ALIGN_MAX)
        return ROUTE_NO_BIN;
    return (int)(align <= SLOT_ALIGN_BYTES ? size_bin(bytes)
                                           : size_bin_aligned(bytes));
}

void *
route_get_bin(unsigned bin, size_t align, size_t bytes, bool *zero)
{
    enum cache_taken taken;
    void *slot = bin < SIZE_CLASSES
                     ? cache_get_fast(bytes, &taken)
                     : cache_pop(cache_self, cache_offset(cache_self, bin),
                                 bytes, &taken);

    *zero = false;
    return slot != NULL ? slot : get_slow(bin, align, bytes, taken, zero);
}

uint64_t
route_count_fallback(size_t bytes)
{
    early_start();
    if (!size_in_band(bytes))
        return cache_count_slow(bytes);
    cache_note(size_bin(bytes), NOTE_BYPASS);
    return 0;
}

void *
route_get_aligned(size_t align, size_t bytes)
{
    int bin = route_bin_aligned(align, bytes);
    void *slot;
    bool zero;

    if (bin == ROUTE_NO_BIN) {
        uint64_t rate = route_count_fallback(bytes);

        return sample_tell_outside(ask_aligned(align, bytes), bytes, rate);
    }
    slot = route_get_bin((unsigned)bin, align, bytes, &zero);
    if (slot == NULL)
        return ask_aligned(align, bytes);
    cache_note((unsigned)bin, NOTE_ALIGNED);
    return slot;
}

noinline void *
route_below(size_t bytes)
{
    uint64_t rate;

    note_served();
    early_start();
    rate = cache_count_below_slow(bytes);
    return sample_tell_outside(ask(bytes), bytes, rate);
}

noinline void *
route_below_zero(size_t bytes)
{
    uint64_t rate;

    early_start();
    rate = cache_count_below_slow(bytes);
    return sample_tell_outside(ask_zero(bytes), bytes, rate);
}

noinline void *
route_fallback(size_t bytes)
{
    uint64_t rate;

    note_served();
    rate = route_count_fallback(bytes);
    return sample_tell_outside(ask(bytes), bytes, rate);
}

noinline void *
route_fallback_zero(size_t bytes)
{
    uint64_t rate = route_count_fallback(bytes);

    return sample_tell_outside(ask_zero(bytes), bytes, rate);
}

/* Does a slot of that many bytes suit the request as it is? */
static bool
keeps_slot(size_t slot_bytes, size_t bytes)
{
    return bytes <= slot_bytes && bytes > slot_bytes / 2;
}

static void *
get_any(size_t bytes)
{
    enum cache_taken taken;
    void *slot;

    if (!size_in_band(bytes))
        return route_fallback(bytes);
    slot = cache_get_fast(bytes, &taken);
    return slot != NULL ? slot : route_get(bytes, taken);
}

/*
 * A new slot for a buffer that outgrows its own. One that grows by a little is
 * likely to do so again: it gets half as much again as it had, so that growing
 * to n bytes in small steps copies some 2n in all and not every class on the
 * way.
 */
static void *
get_for_growth(size_t bytes, size_t slot_bytes)
{
    size_t room = slot_bytes + slot_bytes / 2;
    struct cache *cache = cache_self;
    enum cache_taken taken;
    unsigned bin;
    void *slot;
    bool zero;

    if (room > BAND_MAX_BYTES)
        room = BAND_MAX_BYTES;
    if (bytes <= slot_bytes || bytes > room)
        return get_any(bytes);
    bin = size_bin(room);
    slot = cache_pop(cache, cache_offset(cache, bin), bytes, &taken);
    if (slot == NULL)
        slot = cache_get_slow(bin, bytes, taken, &zero);
    return slot != NULL ? slot : get_any(bytes);
}

/* A guarded buffer has just the bytes that were asked for. */
static bool
stays(const void *ptr, size_t slot_bytes, size_t bytes)
{
    return guard_owns(ptr) ? bytes == slot_bytes
                           : keeps_slot(slot_bytes, bytes);
}

/* Puts a slot of the bin that the program had. */
static void
put_moved(void *ptr, unsigned bin)
{
    if (guard_owns(ptr) || !cache_put_fast(ptr, bin_offset(bin)))
        (void)cache_put_slow(ptr);
}

/* As in glibc, a shrinking buffer stays in place when memory is short. */
static void *
realloc_pooled(void *ptr, size_t bytes, unsigned bin)
{
    size_t slot_bytes = cache_slot_room(ptr, bin);
    void *moved;

    if (stays(ptr, slot_bytes, bytes)) {
        cache_note(bin, NOTE_IN_PLACE);
        return ptr;
    }
    moved = get_for_growth(bytes, slot_bytes);
    if (moved == NULL && bytes <= slot_bytes) {
        atomic_store_explicit(&kept_large_slot, true, memory_order_relaxed);
        cache_note(bin, NOTE_IN_PLACE);
        return ptr;
    }
    if (moved == NULL)
        return NULL;
    memcpy(moved, ptr, bytes < slot_bytes ? bytes : slot_bytes);
    cache_note(bin, NOTE_MOVED);
    put_moved(ptr, bin);
    return moved;
}

static void *
realloc_foreign(void *ptr, size_t bytes)
{
    size_t held = foreign_usable_size(ptr);
    void *moved = get_any(bytes);

    if (moved == NULL)
        return bytes <= held ? ptr : NULL;
    memcpy(moved, ptr, bytes < held ? bytes : held);
    foreign_free(ptr);
    return moved;
}

/* As in glibc, a shrinking buffer stays in place when memory is short. */
static void *
realloc_backend(void *ptr, size_t bytes)
{
    int kept = errno;
    void *moved = ask_backend((struct request){.ptr = ptr, .bytes = bytes});

    if (likely(moved != NULL))
        return moved;
    if (bytes > backend_usable_size(ptr))
        return NULL;
    errno = kept;
    return ptr;
}

/* Into the band: a buffer of ours from now on, if there is one. */
static void *
realloc_into_band(void *ptr, size_t bytes)
{
    size_t held = backend_usable_size(ptr);
    void *moved = get_any(bytes);

    if (moved == NULL)
        return realloc_backend(ptr, bytes);
    memcpy(moved, ptr, bytes < held ? bytes : held);
    sample_end_outside(ptr);
    backend_free(ptr);
    return moved;
}

void *
route_realloc(void *ptr, size_t bytes)
{
    int bin = cache_slot_bin(ptr);
    uint64_t rate;

    if (bin >= 0)
        return realloc_pooled(ptr, bytes, (unsigned)bin);
    if (bin == CACHE_BIN_MISUSED) {
        errno = EINVAL;
        return NULL;
    }
    if (!backend_owns(ptr))
        return realloc_foreign(ptr, bytes);
    if (size_in_band(bytes))
        return realloc_into_band(ptr, bytes);
    early_start();
    rate = cache_count_slow(bytes);
    sample_end_outside(ptr);
    return sample_tell_outside(realloc_backend(ptr, bytes), bytes, rate);
}

noinline void
route_put(void *ptr)
{
    if (ptr == NULL)
        return;
    if (cache_put_slow(ptr) != CACHE_PUT_FOREIGN)
        return;
    if (!backend_owns(ptr)) {
        foreign_free(ptr);
        return;
    }
    sample_end_outside(ptr);
    backend_free(ptr);
}

size_t
route_usable_size(const void *ptr)
{
    int bin = cache_slot_bin(ptr);

    if (bin >= 0)
        return cache_slot_room(ptr, (unsigned)bin);
    if (bin == CACHE_BIN_MISUSED)
        return 0;
    return backend_owns(ptr) ? backend_usable_size(ptr)
                             : foreign_usable_size(ptr);
}

/*
 * True if no request of that size can lie in the slot. Smaller sizes are judged
 * by the smallest slot only, because a request may leave half of its slot
 * unused, an aligned one more, and realloc may keep a slot of twice the size,
 * or a larger one when memory was short (kept_large_slot).
 */
static bool
is_impossible(size_t slot_bytes, size_t bytes)
{
    if (bytes > slot_bytes)
        return true;
    return bytes < BAND_MIN_BYTES / 2 &&
           !atomic_load_explicit(&kept_large_slot, memory_order_relaxed);
}

bool
route_check_size(const char *function, const void *ptr, size_t bytes)
{
    int bin = ptr != NULL ? cache_slot_bin(ptr) : CACHE_BIN_FOREIGN;
    size_t room;

    if (bin < 0)
        return bin == CACHE_BIN_FOREIGN;
    room = cache_slot_room(ptr, (unsigned)bin);
    if (is_impossible(room, bytes))
        misuse_wrong_size(function, ptr, bytes, room);
    return true;
}
