#!/bin/bash
#
# Where a process has huge pages, MADV_DONTNEED of half of each halves its RSS
# and gives the system nothing: on Linux 6.18, MemFree stays as it was until the
# other halves go too, or until memory is short and the kernel splits the pages
# (mm/huge_memory.c, deferred_split_folio). So an allocator that returns memory
# within huge pages looks smaller than it is, and a test by RSS believes it.

# shellcheck source=findings/support.bash
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/support.bash"

compile <<'PROGRAM'
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE = 2 << 20, COUNT = 128, LITTLE = 32, MUCH = 128 };

static long
megabytes(const char *file, const char *name)
{
    char line[256];
    long value = -1;
    FILE *stream = fopen(file, "r");

    while (fgets(line, sizeof(line), stream) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            sscanf(line + strlen(name), "%ld", &value);
    fclose(stream);
    return value >> 10;
}

static long
free_memory(void)
{
    return megabytes("/proc/meminfo", "MemFree:");
}

static void
look(const char *when, long free_before)
{
    long more = free_memory() - free_before;

    printf("%s: RSS %ld MB, system %s; ", when,
           (megabytes("/proc/self/status", "VmRSS:") + 8) / 16 * 16,
           more < LITTLE ? "as before" : more > MUCH ? "has it" : "unclear");
}

static void
give(char *start, size_t from)
{
    for (int page = 0; page < COUNT; page++)
        madvise(start + (size_t)page * HUGE + from, HUGE / 2, MADV_DONTNEED);
}

int
main(void)
{
    char *map = mmap(NULL, (size_t)HUGE * (COUNT + 1), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *start = (char *)(((uintptr_t)map + HUGE - 1) / HUGE * HUGE);
    long before;

    madvise(start, (size_t)HUGE * COUNT, MADV_HUGEPAGE);
    memset(start, 1, (size_t)HUGE * COUNT);
    before = free_memory();
    printf("huge %ld MB; ",
           megabytes("/proc/self/smaps_rollup", "AnonHugePages:"));
    look("all", before);
    give(start, 0);
    look("half returned", before);
    give(start, HUGE / 2);
    look("both", before);
    puts("");
    return 0;
}
PROGRAM

if grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled; then
    echo "this system has no huge pages: not seen"
    exit 1
fi
expected='huge 256 MB; all: RSS 256 MB, system as before; '
expected+='half returned: RSS 128 MB, system as before; '
expected+='both: RSS 0 MB, system has it; '
compare "Linux $(uname -r | cut -d. -f1-2)" "$expected" "$("$work/program")"
exit "$failed"
