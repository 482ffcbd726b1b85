/*
 * pool_calls.c - see pool_calls.h.
 */
#include "pool_calls.h"

#include <string.h>

#include "fast.h"
#include "note.h"
#include "serve.h"

void *
pool_get(size_t bytes)
{
    enum cache_taken taken;
    bool zero;
    void *slot = cache_get_fast(bytes, &taken);

    return slot != NULL ? slot
                        : cache_get_slow(size_bin(bytes), bytes, taken, &zero);
}

void *
pool_get_aligned(size_t bytes)
{
    unsigned bin = size_bin_aligned(bytes);
    struct cache *cache = cache_self;
    enum cache_taken taken;
    bool zero;
    void *slot = cache_pop(cache, bin_offset(bin), bytes, &taken);

    if (slot == NULL)
        slot = cache_get_slow(bin, bytes, taken, &zero);
    if (slot != NULL)
        cache_note(bin, NOTE_ALIGNED);
    return slot;
}

void *
pool_get_zero(size_t bytes)
{
    enum cache_taken taken;
    bool zero = false;
    void *slot = cache_get_fast(bytes, &taken);

    if (slot == NULL)
        slot = cache_get_slow(size_bin(bytes), bytes, taken, &zero);
    if (slot == NULL)
        return NULL;
    cache_note(size_bin(bytes), NOTE_CALLOC);
    return zero ? slot : memset(slot, 0, bytes);
}

enum cache_put_result
pool_put(void *ptr)
{
    uintptr_t number = region_number(ptr);

    if (number < REGION_SLABS_MAX &&
        cache_put_fast(ptr, region_slab_bin[number]))
        return CACHE_PUT_DONE;
    return cache_put_slow(ptr);
}

void *
pool_resize(void *ptr, size_t bytes)
{
    int bin = cache_slot_bin(ptr);
    void *moved;

    if (bin < 0)
        return NULL;

    size_t held = bin_info[bin].slot_bytes;

    if (bytes <= held && bytes > held / 2) {
        cache_note((unsigned)bin, NOTE_IN_PLACE);
        return ptr;
    }
    moved = pool_get(bytes);
    if (moved == NULL)
        return NULL;
    memcpy(moved, ptr, bytes < held ? bytes : held);
    cache_note((unsigned)bin, NOTE_MOVED);
    (void)pool_put(ptr);
    return moved;
}

uint64_t
pool_draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

size_t
pool_draw_size(uint64_t *state)
{
    uint64_t draw = pool_draw(state);
    size_t most = (size_t)BAND_MIN_BYTES << draw % 6;

    return BAND_MIN_BYTES + (draw >> 8) % (most - BAND_MIN_BYTES + 1);
}

/* Words at both ends and one per 512 bytes: enough to see any overlap. */
enum { FILL_STEP_BYTES = 512, FILL_FAR_BYTES = 32768 };

/* Most are not filled all over: a first access of a page takes longest. */
static size_t
fill_step(uint64_t seed)
{
    return (seed >> 32) % 4 == 0 ? FILL_STEP_BYTES : FILL_FAR_BYTES;
}

void
pool_fill(void *ptr, size_t bytes, uint64_t seed)
{
    char *byte = ptr;
    uint64_t last = ~seed;
    size_t step = fill_step(seed);

    for (size_t at = 0; at + sizeof(seed) <= bytes; at += step) {
        uint64_t word = seed + at;

        memcpy(byte + at, &word, sizeof(word));
    }
    memcpy(byte + bytes - sizeof(last), &last, sizeof(last));
}

bool
pool_filled(const void *ptr, size_t bytes, uint64_t seed)
{
    const char *byte = ptr;
    size_t step = fill_step(seed);
    uint64_t word;

    memcpy(&word, byte + bytes - sizeof(word), sizeof(word));
    if (word != ~seed)
        return false;
    for (size_t at = 0; at + 2 * sizeof(seed) <= bytes; at += step) {
        memcpy(&word, byte + at, sizeof(word));
        if (word != seed + at)
            return false;
    }
    return true;
}
