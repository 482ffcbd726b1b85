/* count_guard.c - see count_guard.h. */
#include "count_guard.h"

#include <dlfcn.h>
#include <string.h>

#include "thread.h"

static uint64_t
below_bytes(const struct stats_block *block)
{
    return block->below_granted - (uint64_t)block->below_credit;
}

void
count_guard_begin(struct count_guard *mark)
{
    struct cache *cache = thread_cache();

    mark->block = NULL;
    if (cache == NULL)
        return;
    mark->block = cache_block(cache);
    memcpy(mark->calls, mark->block->fallback_calls, sizeof mark->calls);
    mark->below_bytes = below_bytes(mark->block);
}

void
count_guard_end(const struct count_guard *mark)
{
    struct stats_block *block = mark->block;

    if (block == NULL)
        return;
    memcpy(block->fallback_calls, mark->calls, sizeof mark->calls);
    block->below_credit +=
        (__typeof__(block->below_credit))(below_bytes(block) -
                                          mark->below_bytes);
}

void *
count_guard_find_next(const char *name)
{
    struct count_guard mark;
    void *function;

    count_guard_begin(&mark);
    function = dlsym(RTLD_NEXT, name);
    count_guard_end(&mark);
    return function;
}
