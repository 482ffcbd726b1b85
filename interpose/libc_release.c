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
libc_release_since(unsigned minor)
{
    const char *text = gnu_get_libc_version();
    unsigned major = read_number(&text);

    if (*text == '.')
        text++;
    return major > 2 || (major == 2 && read_number(&text) >= minor);
}
