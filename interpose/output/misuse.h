/*
 * misuse.h - messages about the program's misuse of a pooled buffer.
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

/* Hands the pool its handlers, and takes the option over. */
void misuse_install(const struct options *options);

/*
 * The exported function of that name was given size for a buffer of the class
 * of bytes bytes, in which no request of that size would lie. The buffer is
 * good and freed all the same, as under allocators that look at no size: so
 * this is counted and warned of, and ends the process only where the user
 * gave the option misuse:abort.
 */
void misuse_wrong_size(const char *function, const void *ptr, size_t size,
                       size_t bytes);

#endif
