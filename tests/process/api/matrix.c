/*
 * matrix.c - each allocating call with each releasing call.
 *
 * Every pair that the C and C++ standards allow, for sizes on both sides of
 * every class and band edge. Of each block: alignment, usable size, zeroes
 * where promised, every usable byte writable and its own (two neighbours
 * keep their contents while it is filled and freed).
 */
#include <stdlib.h>

#include "calls.h"
#include "check.h"

static size_t
promised_align(const struct alloc_call *from, size_t size)
{
    bool band = size >= 2048 && size <= 65536;
    /* Of a guarded buffer, as of any malloc, 16; see scripts/test --conf. */
    bool slot = check_preloaded() && getenv("MIDPOOL_TEST_CONF") == NULL;
    return slot && band && from->align < 64 ? 64 : from->align;
}

static bool
is_zero(const unsigned char *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (at[i] != 0)
            return false;
    return true;
}

static void *
take(const struct alloc_call *from, size_t size, unsigned seed)
{
    void *ptr = from->get(size);
    CHECK(ptr != NULL, "%s(%zu)", from->name, size);
    size_t align = promised_align(from, size);
    CHECK((uintptr_t)ptr % align == 0, "%s(%zu) = %p is not aligned to %zu",
          from->name, size, ptr, align);
    size_t usable = calls_usable(ptr);
    CHECK(usable >= size, "%s(%zu) has %zu usable bytes", from->name, size,
          usable);
    if (from->zeroed)
        CHECK(is_zero(ptr, size), "%s(%zu)", from->name, size);
    check_fill(ptr, usable, seed);
    return ptr;
}

static void
check_pair(const struct alloc_call *from, const struct free_call *to,
           size_t size)
{
    void *block[3];
    size_t usable[3];
    for (unsigned i = 0; i < 3; i++) {
        block[i] = take(from, size, i);
        usable[i] = calls_usable(block[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned j = i; j < 3; j++)
            CHECK(calls_usable(block[j]) == usable[j] &&
                      check_filled(block[j], usable[j], j),
                  "%s(%zu), %s: block %u of 3 changed", from->name, size,
                  to->name, j);
        to->put(block[i], size, from->align);
    }
}

int
main(void)
{
    calls_init();
    unsigned pairs = 0;
    for (const struct alloc_call *from = alloc_calls; from->name; from++) {
        if (!calls_has(from->name))
            continue;
        for (const struct free_call *to = free_calls; to->name; to++) {
            if (!calls_has(to->name) || !calls_match(from, to))
                continue;
            /* Large sizes cost page faults: one call of each is enough. */
            size_t sizes = call_size_count;
            if (from != alloc_calls && to != free_calls)
                sizes -= 2;
            for (size_t i = 0; i < sizes; i++)
                check_pair(from, to, call_sizes[i]);
            pairs++;
        }
    }
    CHECK(pairs >= (check_preloaded() ? 300 : 80), "%u pairs", pairs);
    return 0;
}
