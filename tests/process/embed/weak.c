/*
 * weak.c - an example: a program that asks midpool about itself, if it is
 * there.
 *
 * The functions are declared weak, so that the program links and runs
 * without the library; each call is guarded by a test for NULL. Prints one
 * line of what it found, which embed.py compares with what it must be.
 */
#include <stdio.h>
#include <stdlib.h>

#include "midpool.h"

#pragma weak midpool_snapshot
#pragma weak midpool_version

enum { BUFFERS = 100, BYTES = 6000 };

static uint64_t
gets_so_far(void)
{
    struct midpool_stats stats;

    if (midpool_snapshot(&stats, sizeof stats) != 0)
        exit(1);
    return stats.total.gets;
}

int
main(void)
{
    void *volatile buffer;
    uint64_t before;

    if (midpool_snapshot == NULL || midpool_version == NULL) {
        puts("without midpool");
        return 0;
    }
    before = gets_so_far();
    for (int i = 0; i < BUFFERS; i++) {
        buffer = malloc(BYTES);
        free(buffer);
    }
    printf("midpool %s counted %llu gets\n", midpool_version(),
           (unsigned long long)(gets_so_far() - before));
    return 0;
}
