/*
 * mass.c - a program that frees much at a time keeps little of it, and touches
 * no page twice where it asks for the same again.
 *
 * Huge pages are switched off, so that faults count pages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"

enum {
    BUFFER_BYTES = 16384,
    MASS_BYTES = 320 << 20,
    COUNT = MASS_BYTES / BUFFER_BYTES,
    LEFT_BYTES = 160 << 20, /* resident at once after all was freed */
    PAGE_BYTES = 4096,
};

static char *buffer[COUNT];

static size_t
resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    CHECK(file != NULL && fscanf(file, "%*u %lu", &pages) == 1, "statm");
    fclose(file);
    return pages * PAGE_BYTES;
}

static size_t
faults(void)
{
    struct rusage usage;

    CHECK(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    return (size_t)usage.ru_minflt;
}

/* Returns how many faults it took. */
static size_t
fill_and_free(void)
{
    size_t before = faults();

    for (size_t i = 0; i < COUNT; i++) {
        buffer[i] = malloc(BUFFER_BYTES);
        CHECK(buffer[i] != NULL, "malloc");
        memset(buffer[i], 1, BUFFER_BYTES);
    }
    CHECK(resident_bytes() >= MASS_BYTES, "all is resident");
    for (size_t i = 0; i < COUNT; i++)
        free(buffer[i]);
    return faults() - before;
}

int
main(void)
{
    size_t count;

    CHECK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0, "no huge pages");
    (void)fill_and_free();
    CHECK(resident_bytes() <= LEFT_BYTES, "%zu MB stay",
          resident_bytes() >> 20);
    (void)fill_and_free();
    CHECK(resident_bytes() >= MASS_BYTES, "what came back stays: %zu MB do",
          resident_bytes() >> 20);
    count = fill_and_free();
    CHECK(count <= COUNT / 10, "%zu faults, of memory that was there", count);
    return 0;
}
