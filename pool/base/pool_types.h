/*
 * pool_types.h - those types of pool.h that the layers below use as well.
 */
#ifndef MIDPOOL_POOL_POOL_TYPES_H
#define MIDPOOL_POOL_POOL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pool_thp {
    POOL_THP_DEFAULT,
    POOL_THP_NEVER,
    POOL_THP_DENSE,
    POOL_THP_AUTO,
};

/* The parameters of pool_init; defaults in pool_config_default. */
struct pool_config {
    bool zero_on_free;
    bool check_fill;
    enum pool_thp thp;
    uint64_t cache_max_bytes; /* per thread */
    uint64_t pool_max_bytes;  /* idle memory in all; 0: unbounded */
    int64_t decay_ms;         /* -1: never, 0: at once */
};

extern const struct pool_config pool_config_default;

/* Kinds of misuse that a put (or realloc, usable_size) can meet. */
enum pool_misuse {
    POOL_DOUBLE_FREE,     /* the buffer is not handed out any more */
    POOL_INTERIOR_FREE,   /* aligned as malloc does, but not a buffer's start */
    POOL_MISALIGNED_FREE, /* not even aligned as malloc does */
    POOL_WILD_FREE,       /* pool memory that was never handed out */
};

/*
 * Called with the misuse before anything is changed. After it returns the
 * operation is ignored (nothing is lost, nothing handed out twice).
 * bytes is the size class of the buffer at or around ptr, 0 if unknown.
 */
typedef void pool_misuse_handler(enum pool_misuse kind, const void *ptr,
                                 size_t bytes);

/*
 * A byte of a free buffer changed (check_fill): reported before the buffer
 * is handed out again.
 */
typedef void pool_fill_handler(const void *ptr, size_t bytes, size_t offset);

/* A get that was chosen at random (pool_sample_start). */
struct pool_sample {
    void *buffer;
    size_t bytes;       /* requested */
    size_t class_bytes; /* of the buffer */
    uint64_t rate;      /* bytes between samples on average, where it was */
    uint32_t tag;       /* to be kept for end */
    bool missed;
};

/*
 * The mean number of requested bytes between two samples: at first, and at
 * most. It doubles after each POOL_SAMPLES_A_RATE samples of a thread.
 */
enum { POOL_SAMPLES_A_RATE = 256 };

struct pool_sample_rate {
    uint64_t first; /* 0: there are none */
    uint64_t most;
    bool all; /* requests outside the band take part */
};

/*
 * The receiver of samples. begin is called before the program has the buffer;
 * true: it keeps a record of the buffer. Then end is called once, when the
 * buffer is put, and returns the record's tag. end may also be called for a
 * buffer without a record, and then returns the tag that it was given. Both are
 * called while the pool is in no operation and holds no lock, also in signal
 * handlers; neither may allocate.
 */
struct pool_sampler {
    bool (*begin)(const struct pool_sample *sample);
    uint32_t (*end)(const void *buffer, uint32_t tag);
};

/* A thread and its call stack: return addresses, innermost first. */
enum { POOL_STACK_FRAMES = 24 };

struct pool_stack {
    uint32_t thread; /* the kernel's id; 0: unknown */
    uint32_t depth;  /* 0: it was not taken */
    uintptr_t address[POOL_STACK_FRAMES];
};

enum pool_guard_kind {
    POOL_GUARD_OVERRUN,
    POOL_GUARD_UNDERRUN,
    POOL_GUARD_USE_AFTER_FREE,
    POOL_GUARD_DOUBLE_FREE,
    POOL_GUARD_GAP, /* bytes beside the buffer were written to */
};

/* A mistake with a guarded buffer. */
struct pool_guard_find {
    enum pool_guard_kind kind;
    const char *buffer;
    const char *access; /* address of the byte in question */
    size_t bytes;       /* requested */
    size_t class_bytes;
    struct pool_stack got;
    struct pool_stack put; /* no depth: it is live */
};

/*
 * Guarded buffers. take_stack fills in who calls; found is told of mistakes
 * that raise no fault, before anything is changed. Both run while the pool is
 * in no operation and holds no lock, and may not allocate.
 */
struct pool_guard {
    uint64_t rate;  /* one get in so many on average; 0: as many as cost 1 % */
    unsigned slots; /* guarded buffers at a time */
    void (*take_stack)(struct pool_stack *stack);
    void (*found)(const struct pool_guard_find *find);
};

extern pool_misuse_handler *pool_on_misuse;
extern pool_fill_handler *pool_on_damage;

#endif
