/*
 * misuse.h - what the program did wrong with a pooled buffer, said aloud.
 *
 * One line names the mistake, the pointer and the class; further lines show
 * the calls that led to it as object+offset, which addr2line reads. Then the
 * option misuse decides: abort, or go on, in silence after a hundred times.
 * With misuse:off nothing is said; the pool ignores the operation in any case.
 */
#ifndef MIDPOOL_INTERPOSE_MISUSE_H
#define MIDPOOL_INTERPOSE_MISUSE_H

#include <stddef.h>

#include "options.h"

/* Hands the pool its handlers. */
void misuse_install(enum option_misuse wanted);

/*
 * A sized delete or free_sized gave size for a buffer of the class of bytes
 * bytes, in which no request of that size would lie.
 */
void misuse_wrong_size(const void *ptr, size_t size, size_t bytes);

#endif
