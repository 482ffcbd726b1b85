/*
 * foreign_dso.c - a library that gives memory away and takes memory over.
 *
 * Loaded plainly, its malloc is the program's. With RTLD_DEEPBIND or through
 * dlmopen it is the C library's own.
 */
#include "foreign_dso.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
foreign_malloc(size_t size)
{
    return malloc(size);
}

void
foreign_free(void *ptr)
{
    free(ptr);
}

void *
foreign_aligned(size_t align, size_t size)
{
    void *ptr = NULL;
    return posix_memalign(&ptr, align, size) == 0 ? ptr : NULL;
}

char *
foreign_strdup(const char *text)
{
    return strdup(text);
}

char *
foreign_getline(const char *path)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    if (getline(&line, &room, file) <= 0) {
        free(line);
        line = NULL;
    }
    fclose(file);
    return line;
}

char *
foreign_realpath(const char *path)
{
    return realpath(path, NULL);
}

/* Allocates and frees by itself; how many blocks were intact. */
unsigned
foreign_work(void)
{
    unsigned good = 0;
    for (size_t size = 10; size < 500000; size = size * 3 / 2) {
        char *block = malloc(size);
        char *other = block ? realloc(memset(block, 1, size), 2 * size) : NULL;
        if (other && other[size - 1] == 1 && malloc_usable_size(other) >= size)
            good++;
        free(other);
    }
    return good;
}
