/*
 * usage.h - the pools' share of the memory figures that a program asks for.
 */
#ifndef MIDPOOL_INTERPOSE_USAGE_H
#define MIDPOOL_INTERPOSE_USAGE_H

#include <stddef.h>

/* In bytes, but for idle_buffers. */
struct usage {
    size_t live; /* slots in the program's hands */
    size_t idle;
    size_t idle_buffers;
    size_t metadata; /* resident, about */
    size_t reserved; /* address space, metadata included */
};

/* Takes 14 KB of stack. Allocates nothing. */
struct usage usage_take(void);

#endif
