/*
 * imports.h - redirects functions that loaded objects import, without exporting
 * them.
 *
 * Model     An object reaches an imported function through a slot that the
 *           loader fills. Slots that hold the function, or that the loader
 *           has yet to fill, get the address of the replacement. A slot that
 *           the loader made read-only is made writable for the moment.
 * Ownership Other objects' tables; nothing is undone. Only in the constructor,
 *           where no other thread runs as a rule. Nothing allocates.
 */
#ifndef MIDPOOL_INTERPOSE_IMPORTS_H
#define MIDPOOL_INTERPOSE_IMPORTS_H

#include <stddef.h>

struct import_redirect {
    const char *name;
    void *function; /* which this library gets under the name */
    void *instead;
};

/*
 * In each object but this library that imports redirects[0], by its name,
 * redirects it and those that follow. Objects with nothing to redirect cost no
 * system call.
 */
void imports_redirect(const struct import_redirect *redirects, size_t count);

#endif
