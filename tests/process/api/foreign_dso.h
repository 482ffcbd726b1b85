/*
 * foreign_dso.h - what foreign_dso.c exports, found through dlsym.
 */
#ifndef TESTS_PRELOAD_FOREIGN_DSO_H
#define TESTS_PRELOAD_FOREIGN_DSO_H

#include <stddef.h>

void *foreign_malloc(size_t size);
void foreign_free(void *ptr);
void *foreign_aligned(size_t align, size_t size);
char *foreign_strdup(const char *text);
char *foreign_getline(const char *path);
char *foreign_realpath(const char *path);
unsigned foreign_work(void);

enum { FOREIGN_WORK_BLOCKS = 27 };

#endif
