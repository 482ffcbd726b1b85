/*
 * sequence.c - makes the calls that its arguments say, and no others.
 *
 *     sequence [SIZE:COUNT | -COUNT]...
 *
 * SIZE:COUNT allocates COUNT blocks of SIZE bytes, -COUNT frees the COUNT
 * newest ones. So a test can say what the report has to be.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { BLOCKS = 20000 };

static void *blocks[BLOCKS];
static unsigned count;

static void
get(size_t size, unsigned long number)
{
    for (; number > 0; number--) {
        CHECK(count < BLOCKS, "too many blocks");
        blocks[count] = malloc(size);
        CHECK(blocks[count] != NULL, "%zu bytes", size);
        count++;
    }
}

static void
put(unsigned long number)
{
    CHECK(number <= count, "too few blocks");
    for (; number > 0; number--)
        free(blocks[--count]);
}

int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *colon = strchr(argv[i], ':');
        if (argv[i][0] == '-')
            put(strtoul(argv[i] + 1, NULL, 10));
        else if (colon)
            get(strtoul(argv[i], NULL, 10), strtoul(colon + 1, NULL, 10));
        else
            check_fail(__FILE__, __LINE__, "what is %s?", argv[i]);
    }
    return 0;
}
