/*
 * rss.c - the memory of a whole process, as the kernel counts it.
 */
#include "rss.h"

#include <stdio.h>
#include <stdlib.h>

#include "saturate.h"

enum { PATH_BYTES = 40, KB = 1024 };

static void
take_line(struct stats_snapshot *snap, const char *line)
{
    unsigned long long kilobytes;
    if (sscanf(line, "VmRSS: %llu kB", &kilobytes) == 1)
        snap->rss_bytes = sat_mul(kilobytes, KB);
    else if (sscanf(line, "VmHWM: %llu kB", &kilobytes) == 1)
        snap->peak_rss_bytes = sat_mul(kilobytes, KB);
}

void
stats_rss_read(struct stats_snapshot *snap, int32_t pid)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    if (!status)
        return;
    char *line = NULL;
    size_t size = 0; /* the line of groups has no bound */
    while (getline(&line, &size, status) > 0)
        take_line(snap, line);
    free(line);
    fclose(status);
}
