/*
 * foreign.c - see foreign.h.
 */
#include "foreign.h"

#include <errno.h>

#include "count_guard.h"
#include "page.h"
#include "pool.h"

static void (*next_free)(void *);
static size_t (*next_usable_size)(void *);

void
foreign_find(void)
{
    *(void **)&next_free = count_guard_find_next("free");
    *(void **)&next_usable_size = count_guard_find_next("malloc_usable_size");
}

void
foreign_free(void *ptr)
{
    int kept = errno;

    __atomic_fetch_add(&pool_page()->foreign_frees, 1, __ATOMIC_RELAXED);
    if (next_free != NULL)
        next_free(ptr);
    errno = kept;
}

size_t
foreign_usable_size(const void *ptr)
{
    return next_usable_size != NULL ? next_usable_size((void *)(size_t)ptr) : 0;
}
