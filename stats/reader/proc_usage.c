/*
 * proc_usage.c - see proc_usage.h.
 */
#include "proc_usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "saturate.h"

enum { PATH_BYTES = 40, KB = 1024, NS_PER_S = 1000000000 };

/* Calls take for every line of the process's file of that name. */
static void
each_line(int32_t pid, const char *file,
          void (*take)(struct stats_snapshot *snap, const char *line),
          struct stats_snapshot *snap)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    FILE *lines = fopen(path, "re");
    if (!lines)
        return;
    char *line = NULL;
    size_t size = 0; /* the line of groups has no bound */
    while (getline(&line, &size, lines) > 0)
        take(snap, line);
    free(line);
    fclose(lines);
}

static void
take_memory(struct stats_snapshot *snap, const char *line)
{
    unsigned long long kilobytes;
    if (sscanf(line, "VmRSS: %llu kB", &kilobytes) == 1)
        snap->rss_bytes = sat_mul(kilobytes, KB);
    else if (sscanf(line, "VmHWM: %llu kB", &kilobytes) == 1)
        snap->usage.peak_rss_bytes = sat_mul(kilobytes, KB);
}

/* Fields 14 and 15; the second is a name in brackets, with any characters. */
static void
take_time(struct stats_snapshot *snap, const char *line)
{
    long per_second = sysconf(_SC_CLK_TCK);
    const char *rest = strrchr(line, ')');
    unsigned long long user;
    unsigned long long system;
    if (!rest || per_second <= 0 ||
        sscanf(rest, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu",
               &user, &system) != 2)
        return;
    uint64_t tick_ns = NS_PER_S / (uint64_t)per_second;
    snap->usage.cpu_user_ns = sat_mul(user, tick_ns);
    snap->usage.cpu_system_ns = sat_mul(system, tick_ns);
}

void
stats_proc_usage_read(struct stats_snapshot *snap, int32_t pid)
{
    each_line(pid, "status", take_memory, snap);
    each_line(pid, "stat", take_time, snap);
}
