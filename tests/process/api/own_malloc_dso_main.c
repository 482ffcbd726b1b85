/*
 * own_malloc_dso_main.c - a program whose library hides an allocator.
 *
 * The library's strings come from its own malloc, the program's from the
 * preloaded one; each frees its own.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "own_malloc.h"

int
main(void)
{
    unsigned before = own_malloc_calls();
    for (unsigned i = 0; i < 100; i++)
        free(memset(malloc(5000 + i), 1, 5000));
    CHECK(own_malloc_calls() == before, "the library's own allocator was used");
    return 0;
}
