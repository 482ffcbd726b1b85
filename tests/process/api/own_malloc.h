/*
 * own_malloc.h - how many calls the allocator of own_malloc.c served.
 */
#ifndef TESTS_PRELOAD_OWN_MALLOC_H
#define TESTS_PRELOAD_OWN_MALLOC_H

unsigned own_malloc_calls(void);

#endif
