/*
 * floor.c - the floor: no size classes, no counters, no checks, no bounds.
 *
 * Built as a shared library, so that both calls take the way that calls of
 * a preloaded malloc take.
 */
#include "floor.h"

static char buffers[FLOOR_BUFFERS];

static _Thread_local void **top __attribute__((tls_model("initial-exec")));
static _Thread_local void *stack[FLOOR_BUFFERS + 1]
    __attribute__((tls_model("initial-exec")));

static void __attribute__((noinline, cold)) fill(void)
{
    top = stack;
    for (size_t i = 0; i < FLOOR_BUFFERS; i++) {
        *top++ = &buffers[i];
    }
}

void *
floor_get(size_t size)
{
    (void)size;
    if (__builtin_expect(top == 0, 0)) {
        fill();
    }
    return *--top;
}

void
floor_put(void *ptr)
{
    *top++ = ptr;
}
