/*
 * note.h - counters for the kind of a request, beside those of gets.
 */
#ifndef MIDPOOL_POOL_NOTE_H
#define MIDPOOL_POOL_NOTE_H

#include "cache.h"

/* One more calloc, aligned get, realloc or bypass. */
enum cache_note {
    NOTE_CALLOC,
    NOTE_ALIGNED,
    NOTE_IN_PLACE,
    NOTE_MOVED,
    NOTE_BYPASS
};

/* cache_note for a thread that has no cache, or none yet. */
void cache_note_slow(unsigned bin, enum cache_note note);

static inline uint64_t *
cache_noted(struct stats_cold *cold, enum cache_note note)
{
    switch (note) {
    case NOTE_CALLOC:
        return &cold->callocs;
    case NOTE_ALIGNED:
        return &cold->aligned;
    case NOTE_IN_PLACE:
        return &cold->reallocs_in_place;
    case NOTE_MOVED:
        return &cold->reallocs_moved;
    default:
        return &cold->bypasses;
    }
}

/* Counts the request for the bin. With a constant note this is one addition. */
static always_inline void
cache_note(unsigned bin, enum cache_note note)
{
    struct cache *cache = cache_self;

    if (likely(cache->state == CACHE_LIVE))
        COUNT_ADD(*cache_noted(&cache_block(cache)->cold[bin], note), 1);
    else
        cache_note_slow(bin, note);
}

#endif
