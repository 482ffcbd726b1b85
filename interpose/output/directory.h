/*
 * directory.h - a directory's entries, without readdir, which allocates.
 */
#ifndef MIDPOOL_INTERPOSE_DIRECTORY_H
#define MIDPOOL_INTERPOSE_DIRECTORY_H

#include <stdbool.h>

/* Gets the name of each entry, also "." and ".."; false ends the visit. */
typedef bool directory_visitor(void *context, const char *name);

/*
 * Visits the entries of an open directory, from the descriptor's position on.
 * Needs little more than 1 KB of stack; async-signal-safe if the visitor is.
 */
void directory_each(int directory, directory_visitor *visit, void *context);

#endif
