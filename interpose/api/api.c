/* api.c - the public functions; see midpool.h. */
#include "midpool.h"

#include <errno.h>
#include <string.h>

#include "backend.h"
#include "early.h"
#include "exit_report.h"
#include "export.h"
#include "option_value.h"
#include "pool.h"
#include "process.h"
#include "sampler.h"
#include "size_class.h"
#include "snapshot.h"

_Static_assert((int)MIDPOOL_POOLS == (int)PAGE_POOLS, "public pools");
_Static_assert((int)MIDPOOL_CLASSES == (int)PAGE_CLASSES, "public classes");
_Static_assert(sizeof(struct midpool_counts) == 8 * MIDPOOL_COUNTS,
               "room for new counters is kept");

/* Fails to compile when counters.def has a counter that midpool.h lacks. */
static void
copy_counts(struct midpool_counts *out, const struct stats_counts *counts)
{
#define COUNTER(name, kind, unit, series, meaning) out->name = counts->name;
#include "counters.def"
}

static void
copy_rows(struct midpool_class *out, const struct stats_class_row *rows,
          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[i].max_bytes = rows[i].max_bytes;
        copy_counts(&out[i].counts, &rows[i].counts);
    }
}

static void
copy_header(struct midpool_stats *out, const struct stats_header *page)
{
    out->active = page->active;
    out->threads_now = page->threads_now;
    out->threads_peak = page->threads_peak;
    out->double_frees = page->double_frees;
    out->interior_frees = page->interior_frees;
    out->misaligned_frees = page->misaligned_frees;
    out->wild_frees = page->wild_frees;
    out->foreign_frees = page->foreign_frees;
}

static void
fill(struct midpool_stats *out)
{
    struct stats_snapshot snapshot;

    early_start();
    pool_stats_publish();
    stats_snapshot_take(&snapshot, pool_page(), process_clock_ns());
    memset(out, 0, sizeof *out);
    out->version = MIDPOOL_STATS_VERSION;
    copy_header(out, snapshot.page);
    copy_counts(&out->total, &snapshot.total);
    copy_rows(out->pools, snapshot.pool, PAGE_POOLS);
    copy_rows(out->classes, snapshot.classes, PAGE_CLASSES);
    out->below.calls = snapshot.below.calls;
    out->below.bytes = snapshot.below.bytes;
    out->above.calls = snapshot.above.calls;
    out->above.bytes = snapshot.above.bytes;
}

EXPORT int
midpool_snapshot(struct midpool_stats *out, size_t size)
{
    struct midpool_stats stats;
    int kept = errno;

    if (out == NULL || size < sizeof stats.version)
        return EINVAL;
    fill(&stats);
    if (size > sizeof stats) {
        memset((char *)out + sizeof stats, 0, size - sizeof stats);
        size = sizeof stats;
    }
    memcpy(out, &stats, size);
    errno = kept;
    return 0;
}

EXPORT int
midpool_report(int fd, const char *format)
{
    enum report_format wanted = REPORT_TEXT;

    if (format != NULL && !option_parse_FORMAT(format, &wanted))
        return EINVAL;
    if (wanted == REPORT_NONE) /* the option's value, no format */
        return EINVAL;
    early_start();
    pool_stats_publish();
    return exit_report_to_fd(fd, wanted);
}

EXPORT void
midpool_reset(void)
{
    early_start();
    pool_stats_reset();
    sampler_reset();
}

EXPORT size_t
midpool_warmup(size_t bytes, size_t count)
{
    int kept = errno;
    size_t ready = 0;

    early_start();
    if (size_in_band(bytes))
        ready = pool_warm(bytes, count);
    errno = kept;
    return ready;
}

EXPORT size_t
midpool_purge(void)
{
    int kept = errno;
    size_t purged;

    early_start();
    purged = pool_purge();
    backend_trim();
    errno = kept;
    return purged;
}

EXPORT const char *
midpool_version(void)
{
    return MIDPOOL_VERSION;
}
