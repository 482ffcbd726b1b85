/* build_id.h - the build id of the main program or a library. */
#ifndef MIDPOOL_INTERPOSE_BUILD_ID_H
#define MIDPOOL_INTERPOSE_BUILD_ID_H

#include <stddef.h>

/* In hex, cut at size; empty when the program has none. */
void build_id_find(char *out, size_t size);

/*
 * The same of any object, from a segment of its notes, bytes long. Leaves out
 * as it is when there is none. Async-signal-safe.
 */
void build_id_read(const char *notes, size_t bytes, char *out, size_t size);

#endif
