/*
 * backend_small.c - jemalloc's smallest blocks are of 16 bytes.
 *
 * jemalloc has a size class of 8 bytes, aligned to 8; malloc's callers, as
 * glibc's do, count on 16. Instead of rounding every small request up, the
 * table by which jemalloc finds the class of a size is changed once, so that
 * the class is never used.
 */
#include "backend_je.h"

enum { CLASS_16 = 1, SIZES_TO_8 = 2 /* 0, and 1 to 8 */ };

void
backend_je_sz_boot(const void *classes, bool oblivious)
{
    je_sz_boot(classes, oblivious);
    for (unsigned i = 0; i < SIZES_TO_8; i++)
        je_sz_size2index_tab[i] = CLASS_16;
}
