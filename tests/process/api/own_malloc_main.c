/*
 * own_malloc_main.c - a program with an allocator of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "own_malloc.h"

int
main(void)
{
    unsigned before = own_malloc_calls();
    for (unsigned i = 0; i < 100; i++) {
        char *block = malloc(2048 + i * 100);
        memset(block, 1, 2048 + i * 100);
        free(realloc(block, 100000));
        free(strdup("words"));
    }
    FILE *file = fopen("/proc/self/maps", "r");
    char *line = NULL;
    size_t bytes = 0;
    while (getline(&line, &bytes, file) > 0)
        ;
    fclose(file);
    free(line);
    CHECK(own_malloc_calls() - before >= 300, "only %u calls came here",
          own_malloc_calls() - before);
    return 0;
}
