/*
 * mapped.c - whether a process maps a file.
 */
#include "mapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

enum { PATH_BYTES = 40 };

static bool
names_file(const char *line, dev_t device, ino_t inode)
{
    unsigned device_major;
    unsigned device_minor;
    unsigned long found;
    return sscanf(line, "%*s %*s %*s %x:%x %lu", &device_major, &device_minor,
                  &found) == 3 &&
           found == inode && makedev(device_major, device_minor) == device;
}

bool
mapped_by(int pid, dev_t device, ino_t inode)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    FILE *maps = fopen(path, "re");
    if (!maps)
        return false;
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (!found && getline(&line, &size, maps) > 0)
        found = names_file(line, device, inode);
    free(line);
    fclose(maps);
    return found;
}
