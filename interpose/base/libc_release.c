/*
 * libc_release.c - see libc_release.h.
 */
#include "libc_release.h"

#include <gnu/libc-version.h>
#include <stdint.h>

#include "decimal.h"

bool
release_since(const char *text, unsigned major, unsigned minor)
{
    uint64_t found_major = 0, found_minor = 0;

    if (decimal_read(text, UINT32_MAX, &found_major, &text) && *text == '.')
        (void)decimal_read(text + 1, UINT32_MAX, &found_minor, &text);
    return found_major > major ||
           (found_major == major && found_minor >= minor);
}

bool
libc_release_since(unsigned minor)
{
    return release_since(gnu_get_libc_version(), 2, minor);
}
