/*
 * size_class.c - the tables of size_class.h.
 */
#include "size_class.h"

/* ORDINARY(size class, bytes of the class below, bytes) */
#define ORDINARY_BINS(BIN)                                                     \
    BIN(0, 1536, 2048)                                                         \
    BIN(1, 2048, 2560)                                                         \
    BIN(2, 2560, 3072)                                                         \
    BIN(3, 3072, 3584)                                                         \
    BIN(4, 3584, 4096)                                                         \
    BIN(5, 4096, 4608)                                                         \
    BIN(6, 4608, 5120)                                                         \
    BIN(7, 5120, 6144)                                                         \
    BIN(8, 6144, 7168)                                                         \
    BIN(9, 7168, 8192)                                                         \
    BIN(10, 8192, 8704)                                                        \
    BIN(11, 8704, 10240)                                                       \
    BIN(12, 10240, 12288)                                                      \
    BIN(13, 12288, 14336)                                                      \
    BIN(14, 14336, 16384)                                                      \
    BIN(15, 16384, 16896)                                                      \
    BIN(16, 16896, 20480)                                                      \
    BIN(17, 20480, 24576)                                                      \
    BIN(18, 24576, 28672)                                                      \
    BIN(19, 28672, 32768)                                                      \
    BIN(20, 32768, 33280)                                                      \
    BIN(21, 33280, 40960)                                                      \
    BIN(22, 40960, 49152)                                                      \
    BIN(23, 49152, 57344)                                                      \
    BIN(24, 57344, 65536)

/* ALIGNED(size class, bytes) */
#define ALIGNED_BINS(BIN)                                                      \
    BIN(4, 4096)                                                               \
    BIN(9, 8192)                                                               \
    BIN(12, 12288)                                                             \
    BIN(14, 16384)                                                             \
    BIN(16, 20480)                                                             \
    BIN(17, 24576)                                                             \
    BIN(18, 28672)                                                             \
    BIN(19, 32768)                                                             \
    BIN(21, 40960)                                                             \
    BIN(22, 49152)                                                             \
    BIN(23, 57344)                                                             \
    BIN(24, 65536)

/* A full magazine holds about this much, within the bounds below. */
#define MAGAZINE_BYTES (768 * 1024)
#define MAGAZINE_MIN_ROUNDS 16
#define RUN_BYTES (64 * 1024)

#define CLAMP(value, low, high)                                                \
    (uint8_t)((value) < (low) ? (low) : (value) > (high) ? (high) : (value))

/*
 * The number of slots after which a page is left out, for classes whose stride
 * is close to a power of two of pages. It costs 1 % of memory, 1.6 % at most,
 * because a page that two slots would have shared becomes two.
 */
#define PAGE_EVERY(bytes)                                                      \
    ((bytes) == 65536   ? 3                                                    \
     : (bytes) == 49152 ? 12                                                   \
     : (bytes) == 32768 ? 8                                                    \
     : (bytes) == 16384 ? 16                                                   \
                        : STATE_WORDS)

/* Whole groups of slots, each with the page left out after it, and the rest. */
#define GROUP(distance, every) ((every) * (distance) + SMALL_PAGE_BYTES)
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define SLOTS(distance, every)                                                 \
    (SLAB_USED_BYTES / GROUP(distance, every) * (every) +                      \
     MIN(every, SLAB_USED_BYTES % GROUP(distance, every) / (distance)))

#define INFO(class_index, bytes, distance, every)                              \
    {                                                                          \
        .slot_bytes = (bytes),                                                 \
        .stride = (distance),                                                  \
        .slots = SLOTS(distance, every),                                       \
        .page_every = (every),                                                 \
        .size_class = (class_index),                                           \
        .magazine_rounds = CLAMP(MAGAZINE_BYTES / (distance),                  \
                                 MAGAZINE_MIN_ROUNDS, MAGAZINE_ROUNDS),        \
        .run_slots = CLAMP(RUN_BYTES / (distance), 1, MAGAZINE_ROUNDS),        \
    },
#define ORDINARY_INFO(class_index, below, bytes)                               \
    INFO(class_index, bytes, bytes + SLOT_COLOUR_BYTES, PAGE_EVERY(bytes))
#define ALIGNED_INFO(class_index, bytes)                                       \
    INFO(class_index, bytes, bytes, STATE_WORDS)

const struct bin_info bin_info[BINS] = {
    ORDINARY_BINS(ORDINARY_INFO) /* bins 0 to 24 */
    ALIGNED_BINS(ALIGNED_INFO)   /* bins 25 to 36 */
};

#define STEPS(bin, below, bytes)                                               \
    [(below) >> SIZE_STEP_SHIFT...((bytes)-1) >> SIZE_STEP_SHIFT] =            \
        BIN_FIRST_OFFSET + (bin)*BIN_LINE_BYTES,

const uint16_t size_bin_offset[SIZE_STEPS] = {ORDINARY_BINS(STEPS)};

/*
 * The aligned bin of every ordinary one: the first that is not smaller.
 */
static const uint8_t aligned_bin[SIZE_CLASSES] = {
    25, 25, 25, 25, 25, /* to 4096 */
    26, 26, 26, 26, 26, /* to 8192 */
    27, 27, 27,         /* to 12288 */
    28, 28,             /* to 16384 */
    29, 29,             /* to 20480 */
    30, 31, 32,         /* to 32768 */
    33, 33,             /* to 40960 */
    34, 35, 36,         /* to 65536 */
};

unsigned
size_bin_aligned(size_t bytes)
{
    pool_assert(size_in_band(bytes));
    return aligned_bin[size_bin(bytes)];
}

unsigned
size_bin_by_search(size_t bytes, bool aligned)
{
    unsigned bin = aligned ? SIZE_CLASSES : 0;

    while (bin_info[bin].slot_bytes < bytes)
        bin++;
    return bin;
}

static void
describe_pools(struct stats_header *page)
{
    uint32_t bytes = BAND_MIN_BYTES;

    for (unsigned pool = 0; pool < PAGE_POOLS; pool++, bytes *= 2)
        page->pool_bytes[pool] = bytes;
}

void
size_class_describe(struct stats_header *page)
{
    unsigned pool = 0;

    describe_pools(page);
    for (unsigned i = 0; i < SIZE_CLASSES; i++) {
        page->class_bytes[i] = bin_info[i].slot_bytes;
        if (bin_info[i].slot_bytes > page->pool_bytes[pool])
            pool++;
        page->class_pool[i] = (uint8_t)pool;
    }
    for (unsigned bin = 0; bin < BINS; bin++)
        page->bin_class[bin] = bin_info[bin].size_class;
}
