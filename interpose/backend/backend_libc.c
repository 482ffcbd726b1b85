/*
 * backend_libc.c - what jemalloc calls of libc that an allocator must not.
 *
 * Purpose   atexit and dlsym allocate; libm would be loaded into every
 *           process for the sake of jemalloc's heap profiler; pthread_atfork
 *           would register fork handlers in the wrong order (backend_fork.c);
 *           clock_gettime may be another preloaded library's, which allocates;
 *           strerror_r allocates from glibc 2.41 on, while jemalloc, which
 *           describes a failed system call, may hold its locks.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "backend_je.h"
#include "error_text.h"
#include "os.h"

enum { AT_EXIT_MAX = 4 };

static void (*at_exit[AT_EXIT_MAX])(void);
static unsigned at_exits;

/* jemalloc registers its statistics (stats_print:true) and profiles. */
int
backend_je_atexit(void (*function)(void))
{
    if (at_exits == AT_EXIT_MAX)
        return -1;
    at_exit[at_exits++] = function;
    return 0;
}

__attribute__((destructor)) static void
run_at_exit(void)
{
    while (at_exits > 0)
        at_exit[--at_exits]();
}

int
backend_je_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                          void (*child)(void))
{
    (void)prepare;
    (void)parent;
    (void)child;
    return 0;
}

/* jemalloc asks for pthread_create only, past a wrapper that it may have. */
void *
backend_je_dlsym(void *handle, const char *name)
{
    (void)handle;
    return strcmp(name, "pthread_create") == 0 ? (void *)pthread_create : NULL;
}

int
backend_je_clock_gettime(clockid_t clock, struct timespec *now)
{
    if (os_clock(clock, now))
        return 0;
    errno = EINVAL;
    return -1;
}

/*
 * Writes the error's description to buffer, cut at bytes, which is above 0.
 * For the error of backend_je_munmap, errno is as it was before that call.
 */
char *
backend_je_strerror_r(int error, char *buffer, size_t bytes)
{
    const char *text;
    size_t length;

    if ((error & BACKEND_ERRNO_MARK) != 0) {
        errno = (error & ~BACKEND_ERRNO_MARK) >> BACKEND_ERRNO_BITS;
        error &= (1 << BACKEND_ERRNO_BITS) - 1;
    }
    text = error_text(error);
    length = strnlen(text, bytes - 1);
    memcpy(buffer, text, length);
    buffer[length] = '\0';
    return buffer;
}

/*
 * The logarithm, for sampling distances: x = m * 2^e with m in [1, 2), then
 * 2 atanh((m - 1) / (m + 1)) by its series. Requires x > 0.
 */
double
backend_je_log(double x)
{
    const double ln2 = 0x1.62e42fefa39efp-1;
    uint64_t bits;

    memcpy(&bits, &x, sizeof(bits));

    int exponent = (int)(bits >> 52) - 1023;

    bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
    memcpy(&x, &bits, sizeof(x));

    double t = (x - 1) / (x + 1);
    double square = t * t;
    double sum = 0;

    for (int k = 41; k >= 1; k -= 2)
        sum = sum * square + 1.0 / k;
    return 2 * t * sum + exponent * ln2;
}

/* The exponential, by its series at x / 2^10 and ten squarings. */
double
backend_je_exp(double x)
{
    double small = x / 1024;
    double sum = 1;

    for (int k = 8; k >= 1; k--)
        sum = 1 + sum * small / k;
    for (int i = 0; i < 10; i++)
        sum *= sum;
    return sum;
}

double
backend_je_round(double x)
{
    const double whole = 4503599627370496.0; /* 2^52: no fraction from here */

    if (x > -whole && x < whole)
        return (double)(int64_t)(x < 0 ? x - 0.5 : x + 0.5);
    return x;
}
