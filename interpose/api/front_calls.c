/* front_calls.c - see front_calls.h. */
#include "front_calls.h"

#include <dlfcn.h>

struct front_calls front_calls;

#define FIND(name) *(void **)&front_calls.name = dlsym(RTLD_NEXT, #name)

/*
 * The other allocator lacks the functions that are called here. Without midpool
 * the program would get the next definition after this library, so that one is
 * called.
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
