/*
 * sites.h - the table of sampled call stacks.
 *
 * Purpose   Keeps for each call stack with a sampled buffer the estimates of
 *           its requests, of its misses, of its buffers in use now and at the
 *           peak, and of the lifetimes of its buffers.
 * Model     One piece of memory of a size that is known at the start, without
 *           pointers: the header, then
 *
 *             sites    a hash table of stacks, open addressing; its first
 *                      element collects the samples of stacks for which there
 *                      was no room
 *             frames   of all stacks, one after the other
 *             modules  the files that frames lie in
 *             keys     a hash table of sampled buffers in use, by address
 *             records  one for each key
 *
 * Locks     None: every change is an atomic operation on one word, so that a
 *           signal handler, another thread or a fork may come in between
 *           anywhere. An operation that never continues loses one sample at
 *           most.
 * Estimates A sample counts as its weight (chance.h). Requests and misses are
 *           kept in 1 / SITES_UNIT, so that a free subtracts exactly the
 *           amount that the get added.
 */
#ifndef MIDPOOL_STATS_SITES_H
#define MIDPOOL_STATS_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SITES_LAYOUT = 2,
    SITES_FRAMES_MAX = 64, /* of one stack */
    SITES_UNIT = 1024,
    SITES_MODULES = 512,
    SITES_PATH_BYTES = 512,
    SITES_LIVE_FACTOR = 8, /* sampled buffers in use for each stack */
    SITES_LIFETIMES = 16,  /* below 1 us, 4 us, 16 us, ..., all longer ones */
    SITES_STACKS_MAX = 1 << 20,
};

/* A file that was mapped when a stack passed through it. */
struct sites_module {
    uint32_t ready;
    uint32_t reserved;
    uint64_t start; /* addresses [start, end) */
    uint64_t end;
    uint64_t base; /* an offset is an address less this */
    char path[SITES_PATH_BYTES];
    char build_id[48]; /* hex, empty when unknown */
};

/* A frame: number of the module << 48 | offset in it; see below. */
enum { SITES_OFFSET_BITS = 48, SITES_NO_MODULE = 0xffff };

struct site {
    uint64_t hash;  /* of the stack; 0: not used */
    uint32_t frame; /* number of the first one */
    uint16_t depth;
    uint16_t ready; /* frame and depth are valid */
    uint64_t samples;
    uint64_t objects; /* estimated, in 1 / SITES_UNIT */
    uint64_t bytes;   /* estimated */
    uint64_t misses;  /* estimated, in 1 / SITES_UNIT */
    double objects_variance;
    double bytes_variance;
    double misses_variance;
    int64_t live_objects; /* in 1 / SITES_UNIT */
    int64_t live_bytes;
    int64_t peak_objects; /* as of the peak with the number peak */
    int64_t peak_bytes;
    uint64_t peak;
    uint64_t frees;        /* of samples */
    uint64_t remote_frees; /* of samples, by another thread than the getter's */
    uint32_t lifetime[SITES_LIFETIMES]; /* of samples */
};

struct sites {
    uint32_t layout;
    uint32_t stacks_max;
    uint32_t site_count; /* elements of sites, a power of two and one more */
    uint32_t key_count;  /* a power of two */
    uint32_t frame_count;
    uint32_t stacks; /* in use */
    uint32_t frames;
    uint32_t modules;
    uint32_t generation; /* grows when the counts begin anew */
    uint32_t unwind;     /* enum sites_unwind */
    uint64_t all;        /* 1: of every size, 0: of the band */
    uint64_t rate;       /* bytes between samples on average, at first */
    uint64_t rate_most;  /* the largest that a sample had */
    uint64_t bytes;      /* of it all */
    uint64_t lost;       /* samples of which no record could be kept */
    uint64_t peak;       /* number of the peak */
    int64_t live_bytes;  /* estimated, of all stacks */
    int64_t peak_bytes;
};

enum sites_unwind { SITES_UNWIND_EH, SITES_UNWIND_FP };

struct sites_sample {
    uint64_t bytes;  /* requested */
    uint64_t rate;   /* bytes between samples on average, at that time */
    uint64_t thread; /* the thread's number */
    int64_t now_ns;
    uint32_t tag; /* the caller's, kept until the end */
    bool missed;
};

/* Bytes of a table for stacks_max stacks. Requires 1..SITES_STACKS_MAX. */
size_t sites_bytes(uint32_t stacks_max);

/* Bytes of the part that readers need, which comes first. */
size_t sites_shared_bytes(uint32_t stacks_max);

/*
 * Makes the shared part of a table, which a reader got from another process,
 * safe to read. False: it is not a table.
 */
bool sites_tame(struct sites *table, size_t bytes);

/* Makes a table of memory that reads as zero. */
void sites_init(struct sites *table, uint32_t stacks_max, uint64_t rate);

/* In a forked child: forgets counts and buffers. Thread: the only one. */
void sites_restart(struct sites *table);

/* Sets counts to zero; other threads may count meanwhile. Stacks stay. */
void sites_reset(struct sites *table);

/*
 * The element of the stack with that hash, which is not 0. *is_new: the caller
 * must describe it with sites_describe. Without room: the first element.
 */
struct site *sites_find(struct sites *table, uint64_t hash, bool *is_new);

/* Sets the frames of a new stack, innermost first. */
void sites_describe(struct sites *table, struct site *site,
                    const uint64_t *frame, unsigned depth);

/* The number of a module, added if need be; SITES_NO_MODULE: no room. */
unsigned sites_module(struct sites *table, const struct sites_module *module);

/*
 * Counts a sample and keeps a record of its buffer. False: there was no room
 * for the record, so that it does not count as in use.
 */
bool sites_begin(struct sites *table, struct site *site, const void *buffer,
                 const struct sites_sample *sample);

/*
 * Notes that the buffer was freed. False: there is no record. *tag is the tag
 * that sites_begin got. thread and now_ns as in struct sites_sample.
 */
bool sites_end(struct sites *table, const void *buffer, uint64_t thread,
               int64_t now_ns, uint32_t *tag);

/* For readers. Element number index; those with hash 0 are not in use. */
const struct site *sites_at(const struct sites *table, uint32_t index);
const uint64_t *sites_frames(const struct sites *table,
                             const struct site *site);
const struct sites_module *sites_module_at(const struct sites *table,
                                           uint32_t index);

/* The site's bytes in use when the sum of all sites was highest. */
struct sites_peak {
    int64_t objects; /* in 1 / SITES_UNIT */
    int64_t bytes;
};
struct sites_peak sites_peak(const struct sites *table,
                             const struct site *site);

#endif
