/*
 * early.c - a library that allocates before and after everything else.
 *
 * Its constructor has the earliest priority there is for users, its
 * destructor runs after the program's own. It is a dependency of the program
 * late.c and is preloaded beside midpool in other tests.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "early.h"

enum { COUNT = 50 };

static unsigned char *kept[COUNT];

__attribute__((constructor(101))) static void
begin(void)
{
    for (unsigned i = 0; i < COUNT; i++) {
        kept[i] = malloc(2048 + i * 1000);
        if (!kept[i])
            _exit(98);
        memset(kept[i], (int)i + 1, 2048 + i * 1000);
    }
    unsigned char *large = calloc(1, 1 << 20);
    if (!large || large[12345] != 0)
        _exit(98);
    free(large);
}

unsigned
early_count(void)
{
    unsigned good = 0;
    for (unsigned i = 0; i < COUNT; i++)
        good += kept[i][0] == i + 1 && kept[i][2047 + i * 1000] == i + 1;
    return good;
}

__attribute__((destructor(101))) static void
end(void)
{
    if (early_count() != COUNT)
        _exit(97);
    for (unsigned i = 0; i < COUNT; i++) {
        free(kept[i]);
        kept[i] = malloc(60000);
        memset(kept[i], (int)i, 60000);
    }
    for (unsigned i = 0; i < COUNT; i++)
        free(kept[i]);
}
