/*
 * operation.h - the end of an operation (fork.h), which cache_enter began.
 */
#ifndef MIDPOOL_POOL_OPERATION_H
#define MIDPOOL_POOL_OPERATION_H

#include "cache.h"
#include "check.h"
#include "fork.h"

/*
 * Ends an operation and sets cache_self. The next operation reports misuse that
 * this one found.
 */
static inline void
cache_leave_untold(struct cache *cache)
{
    compiler_barrier();
    cache_set_self(cache);
    compiler_barrier();
    cache_operation.frame = NULL;
    compiler_barrier();
    if (unlikely(fork_is_pending()))
        fork_finish();
}

/* Like cache_leave_untold; also reports misuse that was found. */
static inline void
cache_leave(struct cache *cache)
{
    cache_leave_untold(cache);
    if (unlikely(check_has_found()))
        check_tell();
}

#endif
