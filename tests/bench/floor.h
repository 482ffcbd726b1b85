/*
 * floor.h - a stack of pointers per thread behind two exported functions.
 */
#ifndef MIDPOOL_BENCH_FLOOR_H
#define MIDPOOL_BENCH_FLOOR_H

#include <stddef.h>

enum { FLOOR_BUFFERS = 1000 };

void *floor_get(size_t size);
void floor_put(void *ptr);

#endif
