/* process_name.c - see process_name.h. */
#include "process_name.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mapped_file.h"
#include "path_name.h"

static const char own_link[] = "/proc/self/exe";

static void
copy_text(char *out, const char *text)
{
    size_t length = strnlen(text, PROCESS_NAME_BYTES - 1);

    memcpy(out, text, length);
    out[length] = '\0';
}

static bool
begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void
cut_deleted(char *path)
{
    static const char mark[] = " (deleted)";
    size_t length = strlen(path);

    if (length >= sizeof mark &&
        strcmp(path + length - (sizeof mark - 1), mark) == 0)
        path[length - (sizeof mark - 1)] = '\0';
}

/*
 * Finds the path of the program's file. If the loader was started with the
 * program as its argument (the kernel then names no loader: AT_BASE is 0), the
 * program is the file that is mapped at the entry.
 */
static bool
find_file(char *out)
{
    ssize_t length = -1;

    if (getauxval(AT_BASE) == 0 &&
        mapped_file(getauxval(AT_ENTRY), out, PROCESS_NAME_BYTES))
        length = (ssize_t)strlen(out);
    if (length <= 0)
        length = readlink(own_link, out, PROCESS_NAME_BYTES - 1);
    out[length > 0 ? length : 0] = '\0';
    cut_deleted(out);
    return length > 0;
}

/* True if a user may have typed the path: not a path to a descriptor. */
static bool
is_typed(const char *path)
{
    return *path_name(path) != '\0' && !begins_with(path, "/proc/") &&
           !begins_with(path, "/dev/fd/");
}

static bool
is_same_file(const char *path, const char *file)
{
    struct stat typed;
    struct stat own;

    if (!is_typed(path) || stat(path, &typed) != 0)
        return false;
    if (getauxval(AT_BASE) != 0)
        file = own_link;
    return stat(file, &own) == 0 && typed.st_dev == own.st_dev &&
           typed.st_ino == own.st_ino;
}

/* True if the file has a name of its own, unlike /memfd:... */
static bool
is_telling(const char *file)
{
    const char *name = path_name(file);

    return *name != '\0' && *name != '#' && !begins_with(file, "/memfd:");
}

/* The first argument of the process. */
static void
read_argument(char *out)
{
    ssize_t length = -1;
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        length = read(fd, out, PROCESS_NAME_BYTES - 1);
        close(fd);
    }
    out[length > 0 ? length : 0] = '\0';
}

static void
set_typed(char *out, const char *typed, const char *directory)
{
    size_t length = strnlen(directory, PROCESS_NAME_BYTES - 1);

    if (*typed == '/' || strchr(typed, '/') == NULL || length == 0) {
        copy_text(out, typed);
        return;
    }
    if (begins_with(typed, "./"))
        typed += 2;
    if (length + strlen(typed) + 2 > PROCESS_NAME_BYTES) {
        copy_text(out, path_name(typed));
        return;
    }
    memcpy(out, directory, length);
    out[length] = '/';
    copy_text(out + length + 1, typed);
}

/* Chooses a name if the file has none; it is never empty. */
static void
set_given(char *out, const char *typed, const char *argument,
          const char *directory)
{
    if (is_typed(argument))
        set_typed(out, argument, directory);
    else if (is_typed(typed))
        set_typed(out, typed, directory);
    else if (prctl(PR_GET_NAME, out) != 0 || *path_name(out) == '\0')
        copy_text(out, "unknown");
}

void
process_name_find(struct process_name *out, const char *directory)
{
    const char *typed = (const char *)getauxval(AT_EXECFN);
    char argument[PROCESS_NAME_BYTES] = "";
    bool is_known = find_file(out->file);

    if (typed == NULL)
        typed = "";
    if (is_known && is_telling(out->file) &&
        strcmp(path_name(typed), path_name(out->file)) == 0) {
        copy_text(out->executable, out->file);
    } else if (is_known && is_same_file(typed, out->file)) {
        set_typed(out->executable, typed, directory);
    } else {
        read_argument(argument);
        if (is_known && is_same_file(argument, out->file))
            set_typed(out->executable, argument, directory);
        else if (is_telling(out->file))
            copy_text(out->executable, out->file);
        else
            set_given(out->executable, typed, argument, directory);
    }
    if (strcmp(path_name(out->executable), path_name(out->file)) == 0)
        out->file[0] = '\0';
}

const char *
process_name_file(const struct process_name *name)
{
    return name->file[0] != '\0' ? name->file : name->executable;
}
