/*
 * first_touch.c - pages of a buffer are present only once the program has
 * touched them.
 *
 * A program that writes the beginning of its buffers, as a server does with
 * short requests in large read buffers, must pay for those pages only. Huge
 * pages are switched off, because one of them covers many buffers.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"

enum { COUNT = 4000, BUFFER_BYTES = 16384, PAGES_MAX = 16 };

/* Pages that lie wholly behind the first one of the buffer. */
static unsigned
present_behind_first(const char *buffer)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)buffer / page + 1) * page;
    uintptr_t to = ((uintptr_t)buffer + BUFFER_BYTES) / page * page;
    unsigned char present[PAGES_MAX];
    unsigned count = 0;

    CHECK(to > from && (to - from) / page <= PAGES_MAX, "pages of a buffer");
    CHECK(mincore((void *)from, to - from, present) == 0, "mincore");
    for (uintptr_t i = 0; i < (to - from) / page; i++)
        count += present[i] & 1;
    return count;
}

int
main(void)
{
    static char *buffer[COUNT];
    unsigned untouched = 0;

    if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
        check_skip("no such call here, as in qemu-user 7.2");
    for (unsigned i = 0; i < COUNT; i++) {
        buffer[i] = malloc(BUFFER_BYTES);
        CHECK(buffer[i] != NULL, "malloc");
        buffer[i][0] = 1;
    }
    for (unsigned i = 0; i < COUNT; i++)
        untouched += present_behind_first(buffer[i]);
    CHECK(untouched <= COUNT / 100, "%u untouched pages are present",
          untouched);
    return 0;
}
