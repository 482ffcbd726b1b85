/*
 * failing_calls.c - makes the nth system call of the library fail.
 *
 * Preloaded before midpool, it stands in for every function of libc through
 * which midpool opens, reads, writes and names files, and through which the
 * allocator inside maps memory. A call counts when it comes from midpool's
 * own code. FAIL_CALL is NAME:N; that it failed is noted in the file FAIL_LOG,
 * which is not made when there are fewer calls of that name. (The pool's own
 * system calls do not go through libc: tests/fault.)
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* syscall(2) itself stands in for that of libc: this is the real one. */
static long (*real_call)(long, ...);
static uintptr_t image_start;
static uintptr_t image_end;
static const char *wanted; /* NAME:N */
static atomic_long seen;

static int
find_image(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    if (strstr(info->dlpi_name, "libmidpool") == NULL)
        return 0;
    image_start = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *at = &info->dlpi_phdr[i];

        if (at->p_type == PT_LOAD)
            image_end = info->dlpi_addr + at->p_vaddr + at->p_memsz;
    }
    return 1;
}

/* midpool's constructor runs before libc's, which sets environ. */
static const char *
variable(const char *name)
{
    static char text[1 << 16];
    size_t length = strlen(name);
    long fd = real_call(SYS_openat, AT_FDCWD, "/proc/self/environ", O_RDONLY);

    if (text[0] == '\0')
        real_call(SYS_read, fd, text, sizeof(text) - 2);
    real_call(SYS_close, fd);
    for (const char *at = text; *at != '\0'; at += strlen(at) + 1) {
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return at + length + 1;
    }
    return NULL;
}

static void
start(void)
{
    if (real_call != NULL)
        return;
    *(void **)&real_call = dlsym(RTLD_NEXT, "syscall");
    dl_iterate_phdr(find_image, NULL);
    wanted = variable("FAIL_CALL");
}

static void
note(const char *name)
{
    const char *path = variable("FAIL_LOG");
    long fd;

    if (path == NULL)
        return;
    fd = real_call(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND,
                   0600);
    real_call(SYS_write, fd, name, strlen(name));
    real_call(SYS_close, fd);
}

/* Is it this call's turn? */
static int
fails(const char *name, const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    size_t length = strlen(name);

    start();
    if (at < image_start || at >= image_end || wanted == NULL ||
        strncmp(wanted, name, length) != 0 || wanted[length] != ':' ||
        atomic_fetch_add(&seen, 1) + 1 != atol(wanted + length + 1))
        return 0;
    note(name);
    return 1;
}

#define CALLER __builtin_return_address(0)

/* NAME stands in for libc's; it fails with ERROR, or makes the real call. */
#define STAND_IN(NAME, ERROR, PARAMETERS, ...)                                 \
    long call_##NAME PARAMETERS __asm__(#NAME);                                \
    long call_##NAME PARAMETERS                                                \
    {                                                                          \
        if (fails(#NAME, CALLER)) {                                            \
            errno = ERROR;                                                     \
            return -1;                                                         \
        }                                                                      \
        return real_call(__VA_ARGS__);                                         \
    }

#define OPEN(NAME)                                                             \
    STAND_IN(NAME, EMFILE, (const char *path, int flags, mode_t mode),         \
             SYS_openat, AT_FDCWD, path, flags, mode)
#define OPEN_AT(NAME)                                                          \
    STAND_IN(NAME, EMFILE, (int at, const char *path, int flags, mode_t mode), \
             SYS_openat, at, path, flags, mode)
#define PLAIN(NAME, ERROR, NUMBER)                                             \
    STAND_IN(NAME, ERROR, (long a, long b, long c, long d, long e), NUMBER, a, \
             b, c, d, e)

OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)
PLAIN(read, EIO, SYS_read)
PLAIN(write, ENOSPC, SYS_write)
PLAIN(pread64, EIO, SYS_pread64)
PLAIN(pwrite64, ENOSPC, SYS_pwrite64)
PLAIN(fstat64, EIO, SYS_fstat)
PLAIN(fstatat64, EACCES, SYS_newfstatat)
PLAIN(ftruncate64, ENOSPC, SYS_ftruncate)
PLAIN(renameat2, EACCES, SYS_renameat2)
PLAIN(unlinkat, EACCES, SYS_unlinkat)
PLAIN(utimensat, EACCES, SYS_utimensat)
PLAIN(mprotect, ENOMEM, SYS_mprotect)
PLAIN(getcwd, EACCES, SYS_getcwd)
STAND_IN(rename, EACCES, (const char *from, const char *to), SYS_renameat2,
         AT_FDCWD, from, AT_FDCWD, to, 0)
STAND_IN(unlink, EACCES, (const char *path), SYS_unlinkat, AT_FDCWD, path, 0)

int call_posix_fallocate64(int fd, off_t from,
                           off_t bytes) __asm__("posix_fallocate64");
int
call_posix_fallocate64(int fd, off_t from, off_t bytes)
{
    if (fails("posix_fallocate64", CALLER))
        return ENOSPC;
    return real_call(SYS_fallocate, fd, 0, from, bytes) == 0 ? 0 : errno;
}

static const char *
name_of(long number)
{
    switch (number) {
    case SYS_mmap:
        return "mmap";
    case SYS_munmap:
        return "munmap";
    case SYS_mprotect:
        return "mprotect";
    case SYS_madvise:
        return "madvise";
    default:
        return NULL;
    }
}

long
syscall(long number, ...)
{
    long a[6];
    va_list rest;

    va_start(rest, number);
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(rest, long);
    va_end(rest);
    if (name_of(number) != NULL && fails(name_of(number), CALLER)) {
        errno = ENOMEM;
        return -1;
    }
    start();
    return real_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
