/*
 * imports.h - redirects functions that loaded objects import, without exporting
 * them.
 *
 * Model     An object reaches an imported function through a slot that the
 *           loader fills. A slot that holds the function, or that the loader
 *           has not filled yet, gets the address of the replacement. A page of
 *           slots that the loader made read-only is made writable meanwhile.
 * Ownership Changes other objects' tables, and never undoes it. Called only by
 *           the constructor, when usually no other thread runs. Allocates
 *           nothing.
 */
#ifndef MIDPOOL_INTERPOSE_IMPORTS_H
#define MIDPOOL_INTERPOSE_IMPORTS_H

#include <stddef.h>

struct import_redirect {
    const char *name;
    void *function; /* the one that this library gets under the name */
    void *instead;
};

/*
 * Looks for redirects[0] in each object except this library. If an object
 * imports that name, redirects it and all others of the list there. Objects
 * with nothing to redirect cost no system call.
 */
void imports_redirect(const struct import_redirect *redirects, size_t count);

#endif
