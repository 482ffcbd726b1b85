/* build_id.h - finds the build id of the main program or of a library. */
#ifndef MIDPOOL_INTERPOSE_BUILD_ID_H
#define MIDPOOL_INTERPOSE_BUILD_ID_H

#include <stddef.h>

/* Writes the program's in hex, cut at size; empty if the program has none. */
void build_id_find(char *out, size_t size);

/*
 * The same for any object, from one of its segments of notes, which is `bytes`
 * long. Leaves out unchanged if there is none. Async-signal-safe.
 */
void build_id_read(const char *notes, size_t bytes, char *out, size_t size);

#endif
