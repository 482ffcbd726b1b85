/*
 * copreload.c - another preloaded library that is as intrusive as they come.
 *
 * It interposes open, mmap and pthread_create by looking the real ones up
 * with dlsym at the first call, its constructor callocs 1 MiB and starts
 * allocating, and its wrappers allocate themselves.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int (*real_open)(const char *, int, ...);
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);
static int (*real_create)(pthread_t *, const pthread_attr_t *,
                          void *(*)(void *), void *);
static char *large;
static __thread int inside;

static void
find(void *slot, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(slot, &found, sizeof(found));
}

static void
allocate(void)
{
    if (inside)
        return;
    inside = 1;
    char *block = malloc(3000);
    free(strdup("some words"));
    free(block);
    inside = 0;
}

int
open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (!real_open)
        find(&real_open, "open");
    allocate();
    return real_open(path, flags, mode);
}

void *
mmap(void *at, size_t bytes, int access, int flags, int fd, off_t offset)
{
    if (!real_mmap)
        find(&real_mmap, "mmap");
    allocate();
    return real_mmap(at, bytes, access, flags, fd, offset);
}

int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
               void *(*run)(void *), void *argument)
{
    if (!real_create)
        find(&real_create, "pthread_create");
    allocate();
    return real_create(thread, attributes, run, argument);
}

__attribute__((constructor)) static void
begin(void)
{
    large = calloc(1, 1 << 20);
    if (!large)
        _exit(98);
    memset(large, 1, 1 << 20);
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
}

__attribute__((destructor)) static void
end(void)
{
    free(large);
    allocate();
}
