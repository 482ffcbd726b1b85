/* build_id.h - the build id of the main program, from its ELF notes. */
#ifndef MIDPOOL_INTERPOSE_BUILD_ID_H
#define MIDPOOL_INTERPOSE_BUILD_ID_H

#include <stddef.h>

/* In hex, cut at size; empty when the program has none. */
void build_id_find(char *out, size_t size);

#endif
