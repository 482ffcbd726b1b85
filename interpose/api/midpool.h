/*
 * midpool.h - functions of the midpool library for the program that it serves.
 *
 * The library is preloaded, not linked: find these functions with dlsym, or
 * declare them weak and test for them,
 *
 *     #pragma weak midpool_snapshot
 *     if (midpool_snapshot != NULL) ...
 *
 * so that the program runs without midpool just as well. Any thread may call
 * them, but not from a signal handler that interrupted a call of the allocator,
 * unless a function's comment allows it. None of them allocates.
 *
 * The library also exports jemalloc's own functions (mallocx, mallctl,
 * malloc_stats_print and the rest of jemalloc(3)), for programs that
 * are linked with libjemalloc. In them, stats.* of mallctl include the pools,
 * and every call that purges also purges the pools; see midpool.7.
 */
#ifndef MIDPOOL_H
#define MIDPOOL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MIDPOOL_POOLS = 6,
    MIDPOOL_CLASSES = 25,
    /* Size of struct midpool_counts in numbers: there is room for new ones. */
    MIDPOOL_COUNTS = 32,
    MIDPOOL_STATS_VERSION = 1
};

/*
 * The counters of a size class, of a pool or of all pools. Once the threads
 * are quiet
 *     gets = hits + misses        hits = cache_hits + depot_hits
 *     gets - puts = live
 */
struct midpool_counts {
    uint64_t gets; /* band requests that a pool served */
    uint64_t hits; /* gets that reused a buffer: cache_hits + depot_hits */
    uint64_t cache_hits; /* hits served by the calling thread's own cache */
    uint64_t depot_hits; /* hits served by memory shared between threads */
    /* gets that needed memory not handed out since it was mapped or purged */
    uint64_t misses;
    /* frees that came back to a pool, of buffers got by this process */
    uint64_t puts;
    /*
     * puts by another thread than the one that got the buffer, where that is
     * known
     */
    uint64_t remote_puts;
    /*
     * frees in a forked child of buffers that its parent got before the
     * fork; not part of puts
     */
    uint64_t inherited_puts;
    /* idle pooled buffers whose memory was given back to the system */
    uint64_t discards;
    /* buffers readied by warm-up, each a later hit instead of a miss */
    uint64_t warmups;
    /* band requests that could not use a pool and went to jemalloc */
    uint64_t bypasses;
    uint64_t live;            /* buffers in the program's hands: gets - puts */
    uint64_t requested_bytes; /* bytes the program asked for, over all gets */
    /*
     * bytes of the buffers handed out, over all gets; less requested_bytes
     * is waste
     */
    uint64_t slot_bytes;
    uint64_t live_bytes;      /* slot bytes of the live buffers */
    uint64_t peak_live_bytes; /* highest live_bytes so far */
    /*
     * slot bytes handed out at least once and not given back since: live and
     * cached
     */
    uint64_t resident_bytes;
    /* slot bytes idle in thread caches, depots and slabs, ready for reuse */
    uint64_t cached_bytes;
    /* reallocs of a pooled buffer that kept its address */
    uint64_t reallocs_in_place;
    /*
     * reallocs of a pooled buffer that moved it: a get or fallback call, and
     * a put
     */
    uint64_t reallocs_moved;
    uint64_t callocs; /* gets through calloc */
    /*
     * gets through aligned_alloc, posix_memalign, memalign, valloc, pvalloc
     * and aligned operator new
     */
    uint64_t aligned;
    uint64_t reserved[10];
};

struct midpool_class {
    uint64_t max_bytes; /* of a request that it serves */
    struct midpool_counts counts;
};

/* Calls that went to jemalloc, and the bytes they asked for. */
struct midpool_fallback {
    uint64_t calls;
    uint64_t bytes;
};

/*
 * All counters of one moment. New fields are added at the end, with a higher
 * version; existing fields keep their place and meaning.
 */
struct midpool_stats {
    uint32_t version; /* MIDPOOL_STATS_VERSION of the library */
    uint32_t active;  /* 1: the pools serve the band; 0: see the report */
    struct midpool_counts total;
    struct midpool_class pools[MIDPOOL_POOLS];
    struct midpool_class classes[MIDPOOL_CLASSES];
    struct midpool_fallback below; /* requests of less than 2048 bytes */
    struct midpool_fallback above; /* requests of more than 65536 bytes */
    uint32_t threads_now;
    uint32_t threads_peak;
    uint64_t double_frees;
    uint64_t interior_frees;
    uint64_t misaligned_frees;
    uint64_t wild_frees;    /* of pool memory never handed out */
    uint64_t foreign_frees; /* of other allocators' pointers, handed on */
};

/*
 * Fills *out; size is sizeof *out, so that an older program gets the part it
 * knows. 0, or EINVAL when out is NULL or size holds not even the version.
 * Takes up to 20 KB of stack.
 */
int midpool_snapshot(struct midpool_stats *out, size_t size);

/*
 * Writes a report to fd. format is "text", "json", "openmetrics" or "csv";
 * NULL is text. 0, or an errno value: EINVAL for another format, EBUSY while
 * another report is being written, or the error of write.
 */
int midpool_report(int fd, const char *format);

/*
 * Sets all counters to zero, as in a forked child: a buffer that the program
 * holds at that time no longer counts as live, and counts as inherited when it
 * is freed. Of the calls that other threads make meanwhile, some may be counted
 * before and some after the reset: live is then too high or too low by some of
 * the buffers of those calls, and stays so. All later calls are counted
 * exactly. Does nothing in a signal handler that interrupted a call of the
 * allocator.
 */
void midpool_reset(void);

/*
 * Makes count buffers ready for requests of bytes bytes, pages present, so
 * that the next gets of that class are hits. Returns how many were; 0 for
 * sizes outside the band.
 */
size_t midpool_warmup(size_t bytes, size_t count);

/*
 * Gives idle memory back to the system at once, except for the buffers in other
 * threads' caches. Returns the pools' part in bytes.
 */
size_t midpool_purge(void);

/* The library's version, as "1.2.3". */
const char *midpool_version(void);

#ifdef __cplusplus
}
#endif

#endif
