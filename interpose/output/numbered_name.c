/* numbered_name.c - see numbered_name.h. */
#include "numbered_name.h"

#include <string.h>
#include <sys/stat.h>

#include "path_name.h"
#include "sink.h"

static const uint64_t number_max = UINT64_C(1) << 62;

/* The offset of a path's last ending, or of the path's end. */
static size_t
ending_of(const char *path)
{
    const char *name = path_name(path);
    const char *dot = strrchr(name, '.');

    /* A name that begins with its only dot is hidden and has no ending. */
    return dot == NULL || dot == name ? strlen(path) : (size_t)(dot - path);
}

bool
numbered_name(char out[PATH_MAX], const char *path, uint64_t number)
{
    size_t ending = ending_of(path);
    struct sink sink;

    sink_init(&sink, out, PATH_MAX);
    sink_bytes(&sink, path, ending);
    sink_char(&sink, '.');
    sink_decimal(&sink, number);
    sink_text(&sink, path + ending);
    sink_char(&sink, '\0');
    return !sink.full;
}

static bool
is_taken(char out[PATH_MAX], const char *path, uint64_t number)
{
    struct stat there;

    return numbered_name(out, path, number) && lstat(out, &there) == 0;
}

uint64_t
numbered_name_free(char out[PATH_MAX], const char *path)
{
    uint64_t taken = 1;
    uint64_t free = 2;

    while (free < number_max && is_taken(out, path, free)) {
        taken = free;
        free *= 2;
    }
    while (free - taken > 1) {
        uint64_t middle = taken + (free - taken) / 2;

        if (is_taken(out, path, middle))
            taken = middle;
        else
            free = middle;
    }
    return free;
}
