/* usage.c - see usage.h. */
#include "usage.h"

#include "early.h"
#include "pool.h"
#include "process.h"
#include "snapshot.h"

struct usage
usage_take(void)
{
    struct stats_snapshot snapshot;
    struct usage usage = {0};

    early_start();
    pool_stats_publish();
    stats_snapshot_take(&snapshot, pool_page(), process_clock_ns());
    usage.live = snapshot.total.live_bytes;
    usage.idle = snapshot.total.cached_bytes;
    usage.metadata = snapshot.page->metadata_bytes;
    usage.reserved = snapshot.page->reserved_bytes;
    for (unsigned i = 0; i < PAGE_CLASSES; i++) {
        const struct stats_class_row *row = &snapshot.classes[i];

        if (row->max_bytes != 0)
            usage.idle_buffers += row->counts.cached_bytes / row->max_bytes;
    }
    return usage;
}
