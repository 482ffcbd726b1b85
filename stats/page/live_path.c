/*
 * live_path.c - the names of live pages' files, and the lock on them.
 */
#include "live_path.h"

#include <fcntl.h>
#include <string.h>

enum { DECIMAL = 10 };

/* Reads a decimal number up to limit at *text, which moves behind it. */
static bool
take_number(const char **text, uint32_t limit, uint32_t *out)
{
    const char *c = *text;
    uint64_t value = 0;
    for (; *c >= '0' && *c <= '9' && value <= limit; c++)
        value = value * DECIMAL + (uint64_t)(*c - '0');
    bool taken = c != *text && value <= limit;
    *text = c;
    *out = taken ? (uint32_t)value : 0;
    return taken;
}

bool
live_name_parse(const char *name, struct live_name *out)
{
    static const char prefix[] = LIVE_NAME_PREFIX;
    uint32_t pid;
    const char *c = name;
    if (strncmp(c, prefix, sizeof(prefix) - 1) != 0)
        return false;
    c += sizeof(prefix) - 1;
    if (!take_number(&c, UINT32_MAX, &out->uid) || *c++ != '.' ||
        !take_number(&c, INT32_MAX, &pid) || *c++ != '.' ||
        !take_number(&c, INT32_MAX, &out->generation) || *c != '\0')
        return false;
    out->pid = (int32_t)pid;
    return true;
}

void
live_lock(int fd)
{
    struct flock whole = {.l_type = F_WRLCK};
    (void)fcntl(fd, F_OFD_SETLK, &whole);
}

bool
live_is_locked(int fd)
{
    struct flock whole = {.l_type = F_WRLCK};
    return fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}
