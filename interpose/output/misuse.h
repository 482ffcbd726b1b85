/*
 * misuse.h - messages about the program's misuse of a pooled buffer.
 *
 * One line names the mistake, the pointer and the class; further lines show
 * the calls that led to it as object+offset, which addr2line reads. Then the
 * option misuse decides whether the process aborts or goes on. After a hundred
 * warnings no more are written; with misuse:off none is. The pools ignore a
 * wrong free in any case.
 */
#ifndef MIDPOOL_INTERPOSE_MISUSE_H
#define MIDPOOL_INTERPOSE_MISUSE_H

#include <stddef.h>

#include "options.h"

/* Registers the handlers with the pools, and notes the option. */
void misuse_install(const struct options *options);

/*
 * Reports that an exported function was given a wrong size: the buffer's class
 * has `bytes` bytes, and no request of `size` bytes belongs to it. The caller
 * frees the buffer nevertheless, as allocators do that ignore the size.
 * Therefore the mistake is counted and causes a warning; it ends the process
 * only if the user gave the option misuse:abort.
 */
void misuse_wrong_size(const char *function, const void *ptr, size_t size,
                       size_t bytes);

#endif
