/*
 * page.h - the statistics page, which holds the counters.
 *
 * Purpose   One stretch of memory holds everything that a report is made of:
 *           a header, then one block of counters per thread. The process
 *           itself, a report at exit and another process that maps the live
 *           page (option live) read the same bytes with the same code.
 * Model     Plain memory without pointers, so that it means the same in
 *           every process. Anonymous memory by default; a shared mapping of
 *           a file on tmpfs with live:yes.
 * Ownership The pool lays the memory out and hands blocks to threads. A
 *           block has a single writer at a time, the thread that holds it;
 *           readers may be any thread or process and accept values that are
 *           a few operations apart. Counters of a block are never reset
 *           when its thread ends: the next holder counts on, so that the sum
 *           over all blocks always includes threads that are gone.
 *           Header fields marked [shared] are updated atomically by any
 *           thread, off the fast path.
 * Versions  PAGE_LAYOUT changes whenever a field moves. A reader refuses
 *           another layout; the archive format is the JSON report.
 */
#ifndef MIDPOOL_STATS_PAGE_H
#define MIDPOOL_STATS_PAGE_H

#include <stdint.h>

enum {
    PAGE_LAYOUT = 7,
    PAGE_CLASSES = 25, /* size classes, see pool/size/size_class.h */
    PAGE_POOLS = 6,
    PAGE_BINS = 37, /* size classes, then their page-aligned variants */
    PAGE_BLOCK_BYTES = 8192, /* stride of the blocks */
    PAGE_HEADER_BYTES = 2 * PAGE_BLOCK_BYTES,
    PAGE_BLOCKS = 4096, /* block slots, of which the header takes two */
    PAGE_FIRST_BLOCK = 2,
    PAGE_SIZES = 249, /* band requests in steps of 256 bytes from 2048 */
    PAGE_SIZE_STEP_BYTES = 256,
    PAGE_WIDTHS = 65,    /* fallback requests by bit width: 0, 1, 2-3, ... */
    PAGE_INTERVALS = 64, /* points of the curve over the process's life */
    PAGE_CONFIG_BYTES = 2048, /* a test tells that no options need more */
};

/*
 * Counters of one bin that calls on the fast path touch: one cache line.
 *
 * Gets and requested bytes are in recent, granted and folded: see recent.h.
 *
 * live = gets - puts over all blocks. A thread publishes its own share now
 * and then: published is the share that is contained in header live[bin],
 * peak the highest share since. The highest live of the class so far is
 *   max(header peak[bin], header live[bin] + max over blocks(peak - published))
 * which is exact for one thread.
 */
struct stats_hot {
    int64_t recent;   /* gets and bytes; not below 0: the next get is slow */
    uint64_t puts;    /* below 0 if puts of others were undone */
    uint64_t granted; /* gets, once those left in recent are used */
    uint64_t folded;  /* bytes */
    uint64_t depot_hits;
    uint64_t misses;
    uint64_t remote_puts;
    uint64_t inherited_puts;
};

/* The counters of a bin that are valid while version is odd; see recent.h. */
struct stats_fold {
    uint32_t version;
    uint32_t bin;
    int64_t recent;
    uint64_t granted;
    uint64_t folded;
};

/* Counters of one bin that only slow paths touch. */
struct stats_cold {
    uint64_t callocs;
    uint64_t aligned;
    uint64_t reallocs_in_place;
    uint64_t reallocs_moved;
    uint64_t bypasses;
    int64_t published; /* buffers; see struct stats_hot */
    int64_t peak;      /* buffers */
    uint64_t reserved;
};

/*
 * One thread's counters.
 *
 * The thread's own share of live bytes is peak_bytes - headroom. It is negative
 * for a thread that frees more than it got. headroom is never negative.
 *
 * alone: only one thread has ever existed. peak_bytes is then the highest
 * share so far, which is the peak of the process, and headroom is 0 at it.
 * Otherwise headroom is the amount by which the share may rise until the thread
 * publishes it, so that no share is ever further above published_bytes than
 * that; account_peak.c describes the peak in this case.
 *
 * share_version is odd while peak_bytes and headroom change together.
 */
struct stats_block {
    struct stats_hot hot[PAGE_BINS];
    struct stats_cold cold[PAGE_BINS];
    uint64_t sizes[PAGE_SIZES];           /* gets by (requested - 2048) / 256 */
    uint64_t fallback_calls[PAGE_WIDTHS]; /* by bit width; no bypasses */
    uint64_t below_granted;               /* fallback bytes below the band: */
    int64_t below_credit;                 /* below_granted - below_credit */
    uint64_t above_bytes;
    int64_t headroom;
    int64_t peak_bytes;
    int64_t published_bytes;
    uint32_t in_use; /* a living thread holds the block */
    uint32_t alone;  /* nothing published yet of a process's only thread */
    uint32_t share_version;
    uint32_t reserved;
    struct stats_fold fold;
};

_Static_assert(sizeof(struct stats_hot) == 64, "one cache line per bin");
_Static_assert(sizeof(struct stats_block) <= PAGE_BLOCK_BYTES, "block fits");

/*
 * The counts that a reset subtracts from the sums over all blocks, since it
 * must not write to other threads' blocks. Idle buffers are counted from the
 * sums as they are.
 */
#define STATS_BASE_COUNTS(each)                                                \
    each(gets) each(requested_bytes) each(puts) each(misses) each(depot_hits)  \
        each(remote_puts) each(inherited_puts) each(callocs) each(aligned)     \
            each(reallocs_in_place) each(reallocs_moved) each(bypasses)        \
                each(discards) each(warmups)

struct stats_base_bin {
#define FIELD(name) uint64_t name;
    STATS_BASE_COUNTS(FIELD)
#undef FIELD
    int64_t live; /* buffers, contained in the header's live and peak */
};

struct stats_base {
    struct stats_base_bin bin[PAGE_BINS];
    uint64_t sizes[PAGE_SIZES];
    uint64_t fallback_calls[PAGE_WIDTHS];
    uint64_t below_bytes;
    uint64_t above_bytes;
    int64_t live_bytes; /* contained in the header's peak_bytes */
};

/* One point of the curve: sums within the interval, live at its end. */
struct stats_interval {
    uint64_t gets;
    uint64_t hits;
    uint64_t misses;
    uint64_t live_bytes;
};

/* How the process ended, as far as the page can know. */
enum stats_end {
    STATS_END_RUNNING = 0, /* or killed: a reader finds out by the pid */
    STATS_END_EXIT = 1,
    STATS_END_EXEC = 2,
    STATS_END_SIGNAL = 3,
    STATS_END_UNKNOWN = 4, /* never in a page: the conclusion of a reader */
};

/*
 * The kernel's counts for a process; zeros where they are not known. The CPU
 * time includes that of the programs that the process was before an exec; the
 * peak is this program's.
 */
struct stats_usage {
    uint64_t cpu_user_ns;
    uint64_t cpu_system_ns;
    uint64_t peak_rss_bytes;
};

/*
 * Distinguishes a process from all others with the same pid until the machine
 * restarts. exec does not change it. 0: unknown.
 */
struct stats_birth {
    uint64_t pid_namespace; /* inode of /proc/self/ns/pid */
    uint64_t start_ticks;   /* from boot, field 22 of /proc/self/stat */
};

/* Processes of the same family by fork that could not write their reports. */
struct stats_unreported {
    uint64_t processes;
    uint64_t gets;
    uint64_t hits;
    uint32_t error; /* why the last one could not, an errno value */
    uint32_t reserved;
};

struct stats_header {
    char magic[8];   /* "midpool" and a NUL; written last */
    uint32_t layout; /* PAGE_LAYOUT */
    uint32_t block_bytes;
    uint32_t blocks_used; /* [shared] highest block index in use, plus one */
    uint32_t end;         /* enum stats_end */
    int32_t pid;
    int32_t ppid;
    uint32_t generation; /* %n: number of the image within the process */
    uint32_t active;     /* 1: the pools serve the band */
    int64_t start_unix_ns;
    int64_t start_monotonic_ns;
    int64_t end_monotonic_ns; /* 0 while running */
    struct stats_birth birth; /* the start is known in live pages only */
    char reason[256];         /* why not active, or a remark; may be empty */
    char executable[512];
    char build_id[48]; /* hex, empty when unknown */
    char host[72];
    char config[PAGE_CONFIG_BYTES]; /* effective options, "key:value,..." */
    uint32_t warn_below;            /* percent */
    uint32_t report_errno; /* why the report at exit is lost; 0: it is not */
    char file[512]; /* the executable's, where it has another name, or empty */
    struct stats_usage usage; /* at the end; zeros before */

    /* The class table, so that a reader needs no other source. */
    uint32_t class_bytes[PAGE_CLASSES];
    uint32_t pool_bytes[PAGE_POOLS];
    uint8_t class_pool[PAGE_CLASSES];
    uint8_t bin_class[PAGE_BINS];

    /* [shared] from here on */
    uint32_t threads_now;
    uint32_t threads_peak;
    uint64_t double_frees;
    uint64_t interior_frees;
    uint64_t misaligned_frees;
    uint64_t wild_frees; /* of pool memory never handed out */
    uint64_t foreign_frees;
    uint64_t wrong_sizes;       /* given to sized deletes and frees */
    uint64_t deepbind_stripped; /* dlopens that lost RTLD_DEEPBIND */
    int64_t live[PAGE_BINS];    /* published by blocks, in buffers */
    int64_t peak[PAGE_BINS];
    int64_t live_bytes;
    int64_t peak_bytes;
    int64_t peak_credit;       /* growth that may be published without a look */
    int64_t peak_monotonic_ns; /* when peak_bytes was reached */
    uint64_t discards[PAGE_BINS];
    uint64_t warmups[PAGE_BINS];
    /*
     * Buffers that changed bin with their slab's pages present: added for the
     * bin that has them now, subtracted for the one that had them. Thus
     *   idle = misses + warmups + adopted + inherited_puts - discards - live
     * A forked child starts with adopted = the buffers idle at the fork.
     */
    int64_t adopted[PAGE_BINS];
    struct stats_base base;  /* zeros until a reset among threads */
    uint64_t metadata_bytes; /* resident metadata of the pool, about */
    uint64_t reserved_bytes; /* address space taken */
    uint64_t purged_bytes;   /* given back so far */

    int64_t interval_ns; /* length of one interval; doubles as life goes on */
    uint32_t intervals;  /* finished ones */
    uint32_t series_version; /* odd while they change; see series.h */
    struct stats_interval interval[PAGE_INTERVALS];

    /* Lost reports of the family, for the report that is being written. */
    struct stats_unreported unreported;

    /* In a file: where the table of sites is (sites/sites.h); 0: none. */
    uint64_t sites_offset;
    uint64_t sites_bytes;

    /* [shared] Gets between protected pages, and mistakes found there. */
    uint64_t guarded;
    uint64_t guards_found;

    /* [shared] 1: a thread found no block free, so threads_peak is a bound */
    uint32_t threads_beyond;
    uint32_t reserved;
};

_Static_assert(sizeof(struct stats_header) <= PAGE_HEADER_BYTES, "header fits");

/* The page: header, then blocks from PAGE_FIRST_BLOCK on. */
static inline struct stats_block *
stats_block_at(const struct stats_header *page, uint32_t index)
{
    return (struct stats_block *)((uintptr_t)page +
                                  (uintptr_t)index * PAGE_BLOCK_BYTES);
}

#endif
