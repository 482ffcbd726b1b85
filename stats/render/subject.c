/*
 * subject.c - how renderings speak of the process that was counted.
 */
#include "subject.h"

#include <stddef.h>

#include "saturate.h"
#include "sink.h"
#include "utf8.h"

const char *
subject_end_name(enum stats_end end)
{
    static const char *const names[] = {
        [STATS_END_RUNNING] = "running", [STATS_END_EXIT] = "exit",
        [STATS_END_EXEC] = "exec",       [STATS_END_SIGNAL] = "signal",
        [STATS_END_UNKNOWN] = "unknown",
    };
    unsigned index = (unsigned)end;
    return index < sizeof(names) / sizeof(names[0]) ? names[index] : "unknown";
}

const char *
subject_name(const struct stats_header *page)
{
    const char *name = page->executable;
    for (const char *c = name; *c != '\0'; c++)
        if (c[0] == '/' && c[1] != '\0')
            name = c + 1;
    return name[0] != '\0' ? name : "unknown program";
}

void
subject_label(const struct stats_header *page,
              char label[SUBJECT_LABEL_BYTES + 1])
{
    struct sink sink;
    sink_init(&sink, label, SUBJECT_LABEL_BYTES);
    sink_printable(&sink, subject_name(page));
    label[utf8_whole(label, sink.length)] = '\0';
}

bool
subject_ended(const struct stats_snapshot *snap)
{
    return snap->end != STATS_END_RUNNING;
}

uint64_t
subject_peak_after(const struct stats_snapshot *snap)
{
    int64_t when = snap->page->peak_monotonic_ns;
    if (when == 0)
        return 0;
    when = sat_sub_signed(when, snap->page->start_monotonic_ns);
    when = when < snap->duration_ns ? when : snap->duration_ns;
    return sat_unsigned(when);
}

bool
subject_threads_are_bound(const struct stats_header *page)
{
    return page->threads_beyond != 0;
}

bool
subject_knows_cpu(const struct stats_usage *usage)
{
    return usage->cpu_user_ns > 0 || usage->cpu_system_ns > 0;
}

static int64_t
interval_start(const struct stats_snapshot *snap, uint32_t index)
{
    int64_t start;
    if (snap->interval_ns < 0 ||
        __builtin_mul_overflow(snap->interval_ns, (int64_t)index, &start))
        return snap->duration_ns;
    return start < snap->duration_ns ? start : snap->duration_ns;
}

struct subject_span
subject_interval(const struct stats_snapshot *snap, uint32_t index)
{
    bool open = index + 1 >= snap->intervals;
    return (struct subject_span){
        .from_ns = interval_start(snap, index),
        .to_ns = open ? snap->duration_ns : interval_start(snap, index + 1),
    };
}
