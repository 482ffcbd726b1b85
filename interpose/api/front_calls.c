/* front_calls.c - see front_calls.h. */
#include "front_calls.h"

#include <dlfcn.h>

struct front_calls front_calls;

#define FIND(name) *(void **)&front_calls.name = dlsym(RTLD_NEXT, #name)

/*
 * A function that is called here is one that the other allocator lacks, so
 * the next one after this library is what the program gets without it.
 */
void
front_calls_find(void)
{
    FIND(mallinfo);
    FIND(mallinfo2);
    FIND(malloc_info);
    FIND(malloc_stats);
    FIND(malloc_trim);
    FIND(mallopt);
}
