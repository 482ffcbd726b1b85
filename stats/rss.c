/*
 * rss.c - the memory of a whole process, as the kernel counts it.
 */
#include "rss.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "saturate.h"
#include "sink.h"

enum { STATUS_BYTES = 4096, PATH_BYTES = 40, KB = 1024 };

/* The bytes of the line that starts with key; 0 without one. */
static uint64_t
status_bytes(const char *status, const char *key)
{
    const char *c = strstr(status, key);
    if (!c)
        return 0;
    c += strlen(key);
    while (*c == ' ' || *c == '\t')
        c++;
    uint64_t value = 0;
    for (; *c >= '0' && *c <= '9'; c++)
        value = sat_add(sat_mul(value, 10), (uint64_t)(*c - '0'));
    return sat_mul(value, KB);
}

void
stats_rss_read(struct stats_snapshot *snap, int32_t pid)
{
    char path[PATH_BYTES];
    char status[STATUS_BYTES];
    struct sink sink;
    sink_init(&sink, path, sizeof(path) - 1);
    sink_text(&sink, "/proc/");
    sink_signed(&sink, pid);
    sink_text(&sink, "/status");
    path[sink.length] = '\0';

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t length = read(fd, status, sizeof(status) - 1);
    close(fd);
    status[length > 0 ? length : 0] = '\0';
    snap->rss_bytes = status_bytes(status, "\nVmRSS:");
    snap->peak_rss_bytes = status_bytes(status, "\nVmHWM:");
}
