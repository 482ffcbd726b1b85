/*
 * touch.c - touch MEGABYTES: writes to so much new memory and gives it back,
 * then prints what the first write to a page costs now.
 *
 * Purpose   The host of a virtual machine takes memory back that the machine
 *           has not used for seconds, and then its first use is slow. After
 *           touch, the memory is the machine's own again (MEGABYTES > 0), or
 *           one knows how it is (0).
 * Output    huge_us and small_us: CPU time of the first write to 4 KB of a
 *           huge page, and of a small one; the mean over PROBE bytes of each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { HUGE = 2 << 20, PAGE = 4096, PROBE = 4 * HUGE };

static _Noreturn void
fail(const char *what)
{
    fprintf(stderr, "touch: %s\n", what);
    exit(2);
}

static double
cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Writes to each page of so many new bytes; returns the time per 4 KB. */
static double
write_new(size_t bytes, int advice)
{
    char *map = mmap(NULL, bytes + HUGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) {
        fail(strerror(errno));
    }
    size_t beyond = (size_t)map % HUGE;
    char *start = map + (beyond == 0 ? 0 : HUGE - beyond);
    madvise(start, bytes, advice);
    double before = cpu_us();
    for (size_t at = 0; at < bytes; at += PAGE) {
        *(volatile char *)(start + at) = 1;
    }
    double took = cpu_us() - before;
    munmap(map, bytes + HUGE);
    return took / ((double)bytes / PAGE);
}

int
main(int argc, char **argv)
{
    char *end = "x";
    unsigned long megabytes = argc == 2 ? strtoul(argv[1], &end, 10) : 0;
    if (*end != '\0' || argv[1][0] == '-' || megabytes > 1 << 24) {
        fail("usage: touch MEGABYTES");
    }
    if (megabytes > 0) {
        write_new(megabytes << 20, MADV_HUGEPAGE);
    }
    printf("huge_us %.3f\n", write_new(PROBE, MADV_HUGEPAGE));
    printf("small_us %.3f\n", write_new(PROBE, MADV_NOHUGEPAGE));
    return 0;
}
