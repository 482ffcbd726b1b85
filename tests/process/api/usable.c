/*
 * usable.c - malloc_usable_size is constant and wholly writable.
 *
 * Programs (systemd, for one) write up to what malloc_usable_size says. The
 * figure must not change while the block lives, whatever else happens, and
 * the bytes between request and usable size must belong to no one else.
 */
#include <malloc.h>
#include <stdlib.h>

#include "calls.h"
#include "check.h"

enum { COUNT = 2000 };

static struct {
    void *ptr;
    size_t size;
    size_t usable;
    unsigned seed;
} block[COUNT];

static void
check_slot(unsigned i)
{
    CHECK(malloc_usable_size(block[i].ptr) == block[i].usable,
          "usable size of a block of %zu changed from %zu to %zu",
          block[i].size, block[i].usable, malloc_usable_size(block[i].ptr));
    CHECK(check_filled(block[i].ptr, block[i].usable, block[i].seed),
          "a block of %zu, usable %zu, changed", block[i].size,
          block[i].usable);
}

static void
renew_slot(unsigned i, size_t size, unsigned seed)
{
    if (block[i].ptr) {
        check_slot(i);
        free(block[i].ptr);
    }
    block[i].ptr = malloc(size);
    CHECK(block[i].ptr != NULL, "malloc(%zu)", size);
    block[i].size = size;
    block[i].usable = malloc_usable_size(block[i].ptr);
    CHECK(block[i].usable >= size, "malloc(%zu): usable %zu", size,
          block[i].usable);
    block[i].seed = seed;
    check_fill(block[i].ptr, block[i].usable, seed);
}

int
main(void)
{
    uint64_t state = 88172645463325252u;
    for (unsigned round = 0; round < 40000; round++) {
        uint64_t draw = check_random(&state);
        unsigned i = (unsigned)(draw % COUNT);
        size_t size = draw % 4
                          ? call_sizes[(draw >> 20) % (call_size_count - 2)]
                          : (size_t)(draw >> 20) % 70000;
        renew_slot(i, size, round);
        check_slot(i);
    }
    for (unsigned i = 0; i < COUNT; i++)
        if (block[i].ptr)
            check_slot(i);
    return 0;
}
