/*
 * mallinfo2.h - struct mallinfo2, also where glibc is older than it (2.33).
 *
 * The library exports the function on each release: a library that was built
 * on an old one runs on newer ones, too.
 */
#ifndef MIDPOOL_INTERPOSE_MALLINFO2_H
#define MIDPOOL_INTERPOSE_MALLINFO2_H

#include <malloc.h>

#if !__GLIBC_PREREQ(2, 33)
struct mallinfo2 {
    size_t arena;
    size_t ordblks;
    size_t smblks;
    size_t hblks;
    size_t hblkhd;
    size_t usmblks;
    size_t fsmblks;
    size_t uordblks;
    size_t fordblks;
    size_t keepcost;
};

struct mallinfo2 mallinfo2(void);
#endif

#endif
