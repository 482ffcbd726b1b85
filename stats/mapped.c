/*
 * liveness.c - whether the process that filled a page still does.
 */
#include "liveness.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 8192, START_FIELD = 22, NS_PER_S = 1000000000 };

enum answer { NO, YES, UNKNOWN };

static FILE *
open_proc(int pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return fopen(path, "re");
}

/* Whether the process maps the file. */
static enum answer
maps_file(const struct page_file *file)
{
    FILE *maps = open_proc(file->page->pid, "maps");
    if (!maps)
        return UNKNOWN;
    char line[LINE_BYTES];
    enum answer answer = NO;
    bool any = false;
    while (answer == NO && fgets(line, sizeof(line), maps)) {
        unsigned device_major;
        unsigned device_minor;
        unsigned long inode;
        any = true;
        if (sscanf(line, "%*s %*s %*s %x:%x %lu", &device_major, &device_minor,
                   &inode) == 3 &&
            inode == file->inode &&
            makedev(device_major, device_minor) == file->device)
            answer = YES;
    }
    fclose(maps);
    /* A zombie has no mappings, and one that is not ours to read neither. */
    return any ? answer : UNKNOWN;
}

static int64_t
clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Start of a process on CLOCK_BOOTTIME, and whether it has not ended. */
static bool
read_start(int pid, int64_t *start_ns, char *state)
{
    FILE *stat = open_proc(pid, "stat");
    if (!stat)
        return false;
    char line[LINE_BYTES];
    size_t length = fread(line, 1, sizeof(line) - 1, stat);
    fclose(stat);
    line[length] = '\0';
    /* The second field is the program's name in brackets: anything. */
    const char *c = strrchr(line, ')');
    if (!c || sscanf(c, ") %c", state) != 1)
        return false;
    for (int field = 2; c && field < START_FIELD; field++)
        c = strchr(c + 1, ' ');
    long long ticks;
    if (!c || sscanf(c, " %lld", &ticks) != 1)
        return false;
    *start_ns = ticks * (NS_PER_S / sysconf(_SC_CLK_TCK));
    return true;
}

/*
 * Whether a process of that pid began before the page. The page has the
 * monotonic clock, which stands still while the machine sleeps.
 */
static bool
started_before(const struct stats_header *page)
{
    int64_t start;
    char state;
    if (!read_start(page->pid, &start, &state) || state == 'Z' || state == 'X')
        return false;
    int64_t monotonic = clock_ns(CLOCK_MONOTONIC);
    int64_t slept = clock_ns(CLOCK_BOOTTIME) - monotonic;
    return page->start_monotonic_ns <= monotonic &&
           start - slept <= page->start_monotonic_ns;
}

bool
liveness_of(const struct page_file *file)
{
    if (file->page->pid <= 0 || file->page->end_monotonic_ns != 0)
        return false;
    enum answer mapped = maps_file(file);
    if (mapped != UNKNOWN)
        return mapped == YES;
    return started_before(file->page);
}
