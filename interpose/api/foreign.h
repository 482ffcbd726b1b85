/*
 * foreign.h - pointers of other allocators.
 *
 * They come from libraries that were bound to libc's malloc before or past
 * us (RTLD_DEEPBIND, dlmopen, ld.so): their release is handed on to the next
 * free after ours.
 */
#ifndef MIDPOOL_INTERPOSE_FOREIGN_H
#define MIDPOOL_INTERPOSE_FOREIGN_H

#include <stddef.h>

/*
 * At start: looks for the next library's functions. Calls dlsym, which
 * allocates.
 */
void foreign_find(void);

/* Counted; without a known owner the pointer is left alone. Keeps errno. */
void foreign_free(void *ptr);

/* 0 when it can not be known. */
size_t foreign_usable_size(const void *ptr);

#endif
