/*
 * compat.c - glibc's functions about malloc: statistics, trimming, tuning.
 *
 * They answer for pools and jemalloc together. Settings of glibc's allocator
 * have no counterpart here and are accepted without effect.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "backend.h"
#include "early.h"
#include "exit_report.h"
#include "export.h"
#include "front_calls.h"
#include "libc_release.h"
#include "mallinfo2.h"
#include "pool.h"
#include "usage.h"

/* The usage of pools and jemalloc together. */
struct whole {
    struct usage pool;
    struct backend_usage backend;
};

static struct whole
take_whole(void)
{
    struct whole whole;

    whole.pool = usage_take();
    backend_usage(&whole.backend);
    return whole;
}

static size_t
sub_floor(size_t whole, size_t part)
{
    return whole > part ? whole - part : 0;
}

static size_t
backend_idle(const struct whole *whole)
{
    return sub_floor(whole->backend.resident_bytes,
                     whole->backend.allocated_bytes);
}

/*
 * As in glibc, blocks with mappings of their own (jemalloc's large blocks) are
 * counted apart: the bytes in use are uordblks + hblkhd.
 */
static struct mallinfo2
own_mallinfo2(void)
{
    struct whole whole = take_whole();
    size_t large = whole.backend.large_bytes;
    size_t used =
        whole.pool.live + sub_floor(whole.backend.allocated_bytes, large);
    size_t idle = whole.pool.idle + backend_idle(&whole);
    struct mallinfo2 info = {0};

    info.arena = used + idle;
    info.ordblks = whole.pool.idle_buffers + whole.backend.idle_regions;
    info.hblks = whole.backend.large_blocks;
    info.hblkhd = large;
    info.uordblks = used;
    info.fordblks = idle;
    info.keepcost = whole.pool.idle;
    return info;
}

static int
as_int(size_t bytes)
{
    return bytes < INT_MAX ? (int)bytes : INT_MAX;
}

EXPORT struct mallinfo2
mallinfo2(void)
{
    if (FRONT_HAS(mallinfo2))
        return front_calls.mallinfo2();
    return own_mallinfo2();
}

/* The old form, whose fields are too small: they stop at INT_MAX. */
EXPORT struct mallinfo
mallinfo(void)
{
    struct mallinfo2 info;
    struct mallinfo small = {0};

    if (FRONT_HAS(mallinfo))
        return front_calls.mallinfo();
    info = own_mallinfo2();
    small.arena = as_int(info.arena);
    small.ordblks = as_int(info.ordblks);
    small.hblks = as_int(info.hblks);
    small.hblkhd = as_int(info.hblkhd);
    small.uordblks = as_int(info.uordblks);
    small.fordblks = as_int(info.fordblks);
    small.keepcost = as_int(info.keepcost);
    return small;
}

/* The element names are glibc's, for programs that read them. */
static int
own_malloc_info(FILE *stream)
{
    struct mallinfo2 info = own_mallinfo2();

    fprintf(stream,
            "<malloc version=\"1\">\n"
            "<heap nr=\"0\">\n<sizes>\n</sizes>\n"
            "<total type=\"fast\" count=\"0\" size=\"0\"/>\n"
            "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
            "<system type=\"current\" size=\"%zu\"/>\n"
            "<system type=\"max\" size=\"%zu\"/>\n"
            "<aspace type=\"total\" size=\"%zu\"/>\n"
            "<aspace type=\"mprotect\" size=\"%zu\"/>\n"
            "</heap>\n",
            info.ordblks, info.fordblks, info.arena, info.arena, info.arena,
            info.arena);
    fprintf(stream,
            "<total type=\"fast\" count=\"0\" size=\"0\"/>\n"
            "<total type=\"rest\" count=\"%zu\" size=\"%zu\"/>\n"
            "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
            "<system type=\"current\" size=\"%zu\"/>\n"
            "<system type=\"max\" size=\"%zu\"/>\n"
            "<aspace type=\"total\" size=\"%zu\"/>\n"
            "<aspace type=\"mprotect\" size=\"%zu\"/>\n"
            "</malloc>\n",
            info.ordblks, info.fordblks, info.hblks, info.hblkhd, info.arena,
            info.arena, info.arena, info.arena);
    return 0;
}

/* glibc's headers name parameters in a way that is reserved to it. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

EXPORT int
malloc_info(int options, FILE *stream)
{
    if (FRONT_HAS(malloc_info))
        return front_calls.malloc_info(options, stream);
    return options == 0 ? own_malloc_info(stream) : EINVAL;
}

EXPORT void
malloc_stats(void)
{
    if (FRONT_HAS(malloc_stats)) {
        front_calls.malloc_stats();
        return;
    }
    early_start();
    pool_stats_publish();
    exit_report_to_fd(STDERR_FILENO, REPORT_TEXT);
}

EXPORT int
malloc_trim(size_t pad)
{
    int kept = errno;
    size_t purged;

    if (FRONT_HAS(malloc_trim))
        return front_calls.malloc_trim(pad);
    early_start();
    purged = pool_purge();
    backend_trim();
    errno = kept;
    return purged > 0;
}

enum {
    MXFAST_MOST = 160, /* glibc's, where a size_t has 8 bytes */
    MXFAST_GONE = 43,  /* glibc 2.43 has no fast bins, and takes any value */
};

/* glibc's answers, which accept unknown parameters; without effect. */
EXPORT int
mallopt(int parameter, int value)
{
    if (FRONT_HAS(mallopt))
        return front_calls.mallopt(parameter, value);
    return parameter != M_MXFAST || (value >= 0 && value <= MXFAST_MOST) ||
           libc_release_since(MXFAST_GONE);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
