/* option_nearest.h - the known word that is nearest to a misspelt one. */
#ifndef MIDPOOL_INTERPOSE_OPTION_NEAREST_H
#define MIDPOOL_INTERPOSE_OPTION_NEAREST_H

#include <stddef.h>

/*
 * Insertions, deletions and changes of a letter, and swaps of neighbours
 * that turn a into b; letter case counts for nothing. Both are cut at 63.
 */
unsigned option_distance(const char *a, size_t a_length, const char *b,
                         size_t b_length);

#endif
