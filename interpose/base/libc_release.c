/*
 * libc_release.c - see libc_release.h.
 */
#include "libc_release.h"

#include <gnu/libc-version.h>

/* Reads a decimal number, and moves *text behind it. */
static unsigned
read_number(const char **text)
{
    unsigned number = 0;

    for (; **text >= '0' && **text <= '9'; ++*text)
        number = number * 10 + (unsigned)(**text - '0');
    return number;
}

bool
release_since(const char *text, unsigned major, unsigned minor)
{
    unsigned found = read_number(&text);

    if (*text == '.')
        text++;
    return found > major || (found == major && read_number(&text) >= minor);
}

bool
libc_release_since(unsigned minor)
{
    return release_since(gnu_get_libc_version(), 2, minor);
}
