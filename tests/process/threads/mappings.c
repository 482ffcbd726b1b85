/*
 * mappings.c - the number of mappings stays small, however much is purged: one
 * for 2 MB of small pages, and some more.
 *
 * Live memory swells and shrinks with changing sizes, and what is idle is
 * given back again and again, in pieces. Each mapping that is split costs the
 * kernel and, at 65,530, the process.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "check.h"
#include "churn.h"

enum {
    BLOCKS = 6000,
    SLABS = BLOCKS * 65536L / (2 << 20),
    MORE_MAPPINGS = SLABS + 64
};

static unsigned
count_mappings(void)
{
    char text[4096];
    unsigned lines = 0;
    ssize_t got;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0, "maps");
    while ((got = read(fd, text, sizeof(text))) > 0)
        for (ssize_t i = 0; i < got; i++)
            lines += text[i] == '\n';
    close(fd);
    return lines;
}

int
main(void)
{
    static char *block[BLOCKS];
    uint64_t state = 4711;
    churn_all_sizes(1);
    unsigned before = count_mappings();
    unsigned operations = check_rounds(600000, 10000000);
    for (unsigned i = 0; i < operations; i++) {
        uint64_t draw = check_random(&state);
        unsigned at = (unsigned)(draw >> 40) % BLOCKS;
        /* Sizes drift: a window of the band that moves. */
        size_t size = 2048 + (draw % 8192 + i / 16) % 63000;
        free(block[at]);
        block[at] = draw % 3 ? malloc(size) : NULL;
        if (block[at])
            block[at][size / 2] = 1;
        if (i % 20000 == 0)
            malloc_trim(0);
    }
    unsigned after = count_mappings();
    CHECK(after <= before + MORE_MAPPINGS, "%u mappings, then %u", before,
          after);
    for (unsigned i = 0; i < BLOCKS; i++)
        free(block[i]);
    malloc_trim(0);
    after = count_mappings();
    CHECK(after <= before + MORE_MAPPINGS, "%u mappings, then %u", before,
          after);
    return 0;
}
