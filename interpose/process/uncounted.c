/* uncounted.c - see uncounted.h. */
#include "uncounted.h"

#include <dlfcn.h>
#include <string.h>

#include "thread.h"

static uint64_t
below_bytes(const struct stats_block *block)
{
    return block->below_granted - (uint64_t)block->below_credit;
}

void
uncounted_begin(struct uncounted *mark)
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
uncounted_end(const struct uncounted *mark)
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
uncounted_find_next(const char *name)
{
    struct uncounted mark;
    void *function;

    uncounted_begin(&mark);
    function = dlsym(RTLD_NEXT, name);
    uncounted_end(&mark);
    return function;
}
