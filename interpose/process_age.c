/* process_age.c - see process_age.h. */
#include "process_age.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "option_value.h"
#include "os.h"

enum { START_FIELD = 22, SECOND_NS = 1000000000 };

/* The kernel counts in ticks; the clock may have been adjusted since. */
static const int64_t margin_ns = 50000000;

/* Ticks from boot to the process's start, of /proc/self/stat; 0: unknown. */
static uint64_t
start_ticks(void)
{
    char text[512];
    uint64_t ticks = 0;
    const char *at;
    ssize_t length;
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    /* The second field is the program's name, in brackets, with anything. */
    at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < START_FIELD; field++) {
        at = strchr(at, ' ');
        if (at != NULL)
            at++;
    }
    if (at == NULL || !option_number(at, INT64_MAX, &ticks, &at))
        return 0;
    return ticks;
}

int64_t
process_age_start_unix_ns(void)
{
    uint64_t ticks = start_ticks();
    int64_t now = os_clock_ns(CLOCK_REALTIME);
    long per_second = sysconf(_SC_CLK_TCK);
    int64_t tick_ns;

    if (ticks == 0 || per_second <= 0)
        return now;
    tick_ns = SECOND_NS / per_second;
    return now - os_clock_ns(CLOCK_BOOTTIME) + (int64_t)ticks * tick_ns -
           margin_ns;
}
