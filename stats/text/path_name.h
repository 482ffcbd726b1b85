/*
 * path_name.h - the name in a path.
 */
#ifndef MIDPOOL_INTERPOSE_PATH_NAME_H
#define MIDPOOL_INTERPOSE_PATH_NAME_H

#include <string.h>

/*
 * The part behind the last slash, in place; empty where the path ends in one.
 */
static inline const char *
path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

#endif
