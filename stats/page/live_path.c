/*
 * live_path.c - the names of live pages' files, and the lock on them.
 */
#include "live_path.h"

#include <fcntl.h>
#include <string.h>

#include "decimal.h"

bool
live_name_parse(const char *name, struct live_name *out)
{
    static const char prefix[] = LIVE_NAME_PREFIX;
    uint64_t uid, pid, generation;
    const char *c = name + sizeof(prefix) - 1;

    if (strncmp(name, prefix, sizeof(prefix) - 1) != 0 ||
        !decimal_read(c, UINT32_MAX, &uid, &c) || *c++ != '.' ||
        !decimal_read(c, INT32_MAX, &pid, &c) || *c++ != '.' ||
        !decimal_read(c, INT32_MAX, &generation, &c) || *c != '\0')
        return false;
    *out =
        (struct live_name){(uint32_t)uid, (int32_t)pid, (uint32_t)generation};
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
