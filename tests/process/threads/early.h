/*
 * early.h - what early.c shows: how many of its blocks are intact.
 */
#ifndef TESTS_PRELOAD_EARLY_H
#define TESTS_PRELOAD_EARLY_H

enum { EARLY_BLOCKS = 50 };

unsigned early_count(void);

#endif
