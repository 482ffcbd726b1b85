/* rusage.c - see rusage.h. */
#include "rusage.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "call_guard.h"
#include "decimal.h"
#include "sandbox.h"

enum { NS_PER_US = 1000, US_PER_S = 1000000 };

/* Bytes of /proc/self/status read at a time; the longest line looked for. */
enum { STATUS_BYTES = 512, SOUGHT_BYTES = 48 };

/* ru_maxrss before this program had used any memory, in bytes. */
static uint64_t peak_before;

static uint64_t
in_ns(const struct timeval *time)
{
    return ((uint64_t)time->tv_sec * US_PER_S + (uint64_t)time->tv_usec) *
           NS_PER_US;
}

/* Makes the system call itself, because sanitizers interpose getrusage. */
static bool
ask(struct rusage *usage)
{
    return syscall(SYS_getrusage, RUSAGE_SELF, usage) == 0;
}

static uint64_t
peak_of(const struct rusage *usage)
{
    return (uint64_t)usage->ru_maxrss * 1024;
}

void
rusage_begin(void)
{
    struct rusage usage;

    if (ask(&usage))
        peak_before = peak_of(&usage);
}

void
rusage_forked(void)
{
    peak_before = 0;
}

/* The value of the line "VmHWM:   1234 kB"; 0: part does not hold all of it. */
static uint64_t
high_water_of(const char *part)
{
    static const char name[] = "VmHWM:";
    const char *at = strstr(part, name);
    uint64_t kilobytes;

    if (at == NULL || strchr(at, '\n') == NULL)
        return 0;
    at += sizeof name - 1;
    at += strspn(at, " \t");
    if (!decimal_read(at, INT64_MAX / 1024, &kilobytes, &at))
        return 0;
    return kilobytes * 1024;
}

/* Reads part by part: the line of groups before it may have any length. */
static uint64_t
search_high_water(int fd)
{
    char text[STATUS_BYTES + 1];
    uint64_t found = 0;
    size_t kept = 0;
    ssize_t length;

    while (found == 0 &&
           (length = read(fd, text + kept, STATUS_BYTES - kept)) > 0) {
        size_t end = kept + (size_t)length;

        text[end] = '\0';
        found = high_water_of(text);
        kept = end < SOUGHT_BYTES ? end : SOUGHT_BYTES;
        memmove(text, text + end - kept, kept);
    }
    return found;
}

static uint64_t
read_high_water(void)
{
    uint64_t found;
    int fd;

    if (!sandbox_allows(SANDBOX_FILES))
        return 0;
    fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    found = search_high_water(fd);
    close(fd);
    return found;
}

void
rusage_measure(struct stats_usage *out)
{
    struct call_guard mark;
    struct rusage usage;

    *out = (struct stats_usage){0};
    call_guard_begin(&mark);
    if (sandbox_allows(SANDBOX_USAGE) && ask(&usage)) {
        out->cpu_user_ns = in_ns(&usage.ru_utime);
        out->cpu_system_ns = in_ns(&usage.ru_stime);
        out->peak_rss_bytes =
            peak_of(&usage) > peak_before ? peak_of(&usage) : read_high_water();
    }
    call_guard_end(&mark);
}
