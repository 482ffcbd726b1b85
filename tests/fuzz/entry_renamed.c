/*
 * entry_renamed.c - interpose/api/entry.c itself, see entry_renamed.h.
 */
#include "entry_renamed.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define malloc mid_malloc
#define free mid_free
#define calloc mid_calloc
#define realloc mid_realloc
#define reallocarray mid_reallocarray
#define posix_memalign mid_posix_memalign
#define aligned_alloc mid_aligned_alloc
#define memalign mid_memalign
#define valloc mid_valloc
#define pvalloc mid_pvalloc
#define malloc_usable_size mid_malloc_usable_size
#define free_sized mid_free_sized
#define free_aligned_sized mid_free_aligned_sized
#define cfree mid_cfree

#include "../../interpose/api/front.h"
#include "../../interpose/api/midpool_exports.h"

/* The names are renamed here, so they would always be found elsewhere. */
#define front_stands() false

#undef ALIAS
#define ALIAS(name, target, result, arguments)

#include "../../interpose/api/entry.c"
