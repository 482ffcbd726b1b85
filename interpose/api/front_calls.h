/*
 * front_calls.h - glibc's functions about malloc where another allocator
 * stands before this library; see front.h.
 *
 * Ownership Written at start, read-only afterwards.
 */
#ifndef MIDPOOL_INTERPOSE_FRONT_CALLS_H
#define MIDPOOL_INTERPOSE_FRONT_CALLS_H

#include <malloc.h>
#include <stdio.h>

#include "front.h"

/*
 * NULL where neither the other allocator nor a next library defines the
 * function.
 */
struct front_calls {
    struct mallinfo (*mallinfo)(void);
    struct mallinfo2 (*mallinfo2)(void);
    int (*malloc_info)(int options, FILE *stream);
    void (*malloc_stats)(void);
    int (*malloc_trim)(size_t pad);
    int (*mallopt)(int parameter, int value);
};

extern struct front_calls front_calls;

/* At start, where another allocator was found. Calls dlsym. */
void front_calls_find(void);

/* Is the function of that name to be called there? */
#define FRONT_HAS(name) (front_stands() && front_calls.name != NULL)

#endif
