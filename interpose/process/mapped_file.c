/* mapped_file.c - see mapped_file.h. */
#include "mapped_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* One line of /proc/self/maps, as it comes in. */
struct entry {
    size_t length;
    char text[1024]; /* longer paths are cut */
};

static uintptr_t
take_hex(const char **at)
{
    uintptr_t value = 0;

    for (;; (*at)++) {
        if (**at >= '0' && **at <= '9')
            value = value * 16 + (uintptr_t)(**at - '0');
        else if (**at >= 'a' && **at <= 'f')
            value = value * 16 + (uintptr_t)(**at - 'a') + 10;
        else
            return value;
    }
}

static bool
holds(const struct entry *entry, uintptr_t address)
{
    const char *at = entry->text;
    uintptr_t start = take_hex(&at);

    if (*at != '-')
        return false;
    at++;
    return address >= start && address < take_hex(&at);
}

/* Reads on to the next line's end. False: there is none. */
static bool
next_entry(int fd, struct entry *entry)
{
    char byte;

    entry->length = 0;
    while (read(fd, &byte, 1) == 1) {
        if (byte == '\n') {
            entry->text[entry->length] = '\0';
            return true;
        }
        if (entry->length < sizeof entry->text - 1)
            entry->text[entry->length++] = byte;
    }
    return false;
}

static bool
copy_path(const struct entry *entry, char *out, size_t size)
{
    const char *path = strchr(entry->text, '/');
    size_t length;

    if (path == NULL)
        return false;
    length = strnlen(path, size - 1);
    memcpy(out, path, length);
    out[length] = '\0';
    return true;
}

bool
mapped_file(uintptr_t address, char *out, size_t size)
{
    struct entry entry;
    bool found = false;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    while (!found && next_entry(fd, &entry))
        found = holds(&entry, address);
    close(fd);
    return found && copy_path(&entry, out, size);
}
