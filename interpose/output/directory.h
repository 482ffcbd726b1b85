/*
 * directory.h - a directory's entries, without readdir, which allocates.
 */
#ifndef MIDPOOL_INTERPOSE_DIRECTORY_H
#define MIDPOOL_INTERPOSE_DIRECTORY_H

#include <stdbool.h>

/* Of one entry, "." and ".." among them; false: no more. */
typedef bool directory_visitor(void *context, const char *name);

/*
 * Visits the entries of an open directory from where its descriptor stands.
 * Needs little more than 1 KB of stack; async-signal-safe if the visitor is.
 */
void directory_each(int directory, directory_visitor *visit, void *context);

#endif
