/*
 * check.c - assertions for programs that run preloaded (see check.h).
 */
#include "check.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void
write_line(const char *prefix, const char *format, va_list args)
{
    char line[512];
    int used = snprintf(line, sizeof(line), "%s", prefix);
    int more =
        vsnprintf(line + used, sizeof(line) - (size_t)used - 1, format, args);
    used += more;
    if (used > (int)sizeof(line) - 2)
        used = (int)sizeof(line) - 2;
    line[used] = '\n';
    ssize_t ignored = write(2, line, (size_t)used + 1);
    (void)ignored;
}

void
check_fail(const char *file, int line, const char *format, ...)
{
    char prefix[200];
    snprintf(prefix, sizeof(prefix), "FAILED %s:%d (pid %d, errno %d): ", file,
             line, (int)getpid(), errno);
    va_list args;
    va_start(args, format);
    write_line(prefix, format, args);
    va_end(args);
    /* The whole group of threads ends here, whatever they hold. */
    _exit(CHECK_EXIT_FAILED);
}

void
check_skip(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line("SKIPPED ", format, args);
    va_end(args);
    _exit(CHECK_EXIT_SKIPPED);
}

void
check_write(int fd, const char *format, ...)
{
    char text[160];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    CHECK(write(fd, text, (size_t)length) == length, "write");
}

bool
check_preloaded(void)
{
    return dlsym(RTLD_DEFAULT, "midpool_version") != NULL;
}

void
check_run_case(const struct check_case *cases, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (name != NULL && strcmp(cases[i].name, name) == 0) {
            cases[i].run();
            return;
        }
    }
    check_fail(__FILE__, __LINE__, "no case %s", name != NULL ? name : "");
}

unsigned
check_rounds(unsigned default_count, unsigned full_count)
{
    const char *soak = getenv("MIDPOOL_SOAK");
    return soak && *soak == '1' ? full_count : default_count;
}

bool
check_more(unsigned done, unsigned wanted)
{
    enum { ENOUGH_SECONDS = 60 };
    static time_t start;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (start == 0)
        start = now.tv_sec;
    bool soak = check_rounds(0, 1) == 1;
    return done < wanted && (soak || now.tv_sec - start < ENOUGH_SECONDS);
}

static unsigned char
pattern_at(size_t index, unsigned seed)
{
    return (unsigned char)(seed * 37u + (unsigned)index * 131u +
                           (unsigned)(index >> 8) + 1u);
}

void
check_fill(void *ptr, size_t bytes, unsigned seed)
{
    unsigned char *at = ptr;
    for (size_t i = 0; i < bytes; i++)
        at[i] = pattern_at(i, seed);
}

bool
check_filled(const void *ptr, size_t bytes, unsigned seed)
{
    const unsigned char *at = ptr;
    unsigned char differ = 0;
    /* No early end: the compiler makes vectors of it. */
    for (size_t i = 0; i < bytes; i++)
        differ |= (unsigned char)(at[i] ^ pattern_at(i, seed));
    return differ == 0;
}

uint64_t
check_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

void
check_child(int pid, const char *what)
{
    CHECK(pid > 0, "%s: fork failed", what);
    struct timespec pause = {.tv_nsec = 1000 * 1000};
    for (unsigned waited = 0; waited < CHECK_PATIENCE_SECONDS * 1000;
         waited++) {
        int status = 0;
        int got = waitpid(pid, &status, WNOHANG);
        if (got == pid) {
            CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "%s: child ended with status 0x%x", what, status);
            return;
        }
        CHECK(got == 0, "%s: waitpid", what);
        nanosleep(&pause, NULL);
    }
    kill(pid, SIGABRT);
    check_fail(__FILE__, __LINE__, "%s: child %d hangs", what, pid);
}

pthread_t
check_spawn(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run, argument);
    CHECK(error == 0, "pthread_create: error %d", error);
    return thread;
}

size_t
check_rss_bytes(void)
{
    char text[128] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0, "statm");
    ssize_t got = read(fd, text, sizeof(text) - 1);
    close(fd);
    CHECK(got > 0, "statm");
    char *second = strchr(text, ' ');
    CHECK(second != NULL, "statm: %s", text);
    return (size_t)strtoul(second, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}
