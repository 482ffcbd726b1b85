/*
 * note.c - the same for a thread that has no cache, or none yet.
 */
#include "note.h"

#include "account.h"
#include "settings.h"
#include "thread.h"

void
cache_note_slow(unsigned bin, enum cache_note note)
{
    struct cache *cache = settings.active ? thread_cache() : NULL;

    if (cache != NULL)
        ++*cache_noted(&cache_block(cache)->cold[bin], note);
    else
        __atomic_fetch_add(cache_noted(&account_shared()->cold[bin], note), 1,
                           __ATOMIC_RELAXED);
}
