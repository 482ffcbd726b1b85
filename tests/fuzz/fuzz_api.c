/*
 * fuzz_api.c - sequences of the API against a model.
 *
 * The input is a program of calls. The model knows every block's size,
 * contents and alignment, and what the counters have to be afterwards.
 */
#include <errno.h>
#include <string.h>

#include "block.h"
#include "bytes.h"
#include "early.h"
#include "entry_renamed.h"
#include "misuse.h"
#include "pool_calls.h"
#include "pool_check.h"

enum {
    BLOCKS = 32,
    OPS_MAX = 400,
    ALIGN_MIN = 16,
    CHECK_EVERY = 64,
    SIZE_MOST = 4 * 65536
};

static struct block {
    char *ptr;
    size_t bytes;
    uint8_t seed;
} block[BLOCKS];

/* The counts that the model expects. */
static struct tally {
    uint64_t gets, puts, misused, below, above;
} model;

static unsigned misuses;

/* The pool alone is started, not the library around it. */
void
early_start(void)
{
}

void
misuse_wrong_size(const char *function, const void *ptr, size_t size,
                  size_t bytes)
{
    (void)function;
    (void)ptr;
    (void)size;
    (void)bytes;
    misuses++;
}

static void
on_misuse(enum pool_misuse kind, const void *ptr, size_t bytes)
{
    (void)kind;
    (void)ptr;
    (void)bytes;
    misuses++;
}

static struct tally
counted(void)
{
    const struct stats_header *page = pool_page();
    struct tally sum = {0};

    for (uint32_t i = PAGE_FIRST_BLOCK; i < page->blocks_used; i++) {
        const struct stats_block *at = stats_block_at(page, i);

        for (unsigned bin = 0; bin < BINS; bin++) {
            sum.gets += recent_gets(&at->hot[bin]);
            sum.puts += at->hot[bin].puts;
        }
        for (unsigned width = 0; width < PAGE_WIDTHS; width++) {
            uint64_t calls = at->fallback_calls[width];

            if (width <= 11)
                sum.below += calls;
            else
                sum.above += calls;
        }
    }
    sum.misused = page->double_frees + page->interior_frees +
                  page->misaligned_frees + page->wild_frees;
    return sum;
}

/* Compared by memcmp, which is not slowed down by instrumentation. */
static char pattern[SIZE_MOST + UINT8_MAX + 1];
static const char zeros[SIZE_MOST];

static void
make_pattern(void)
{
    uint64_t random = 5;

    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)pool_draw(&random);
}

static void
start(void)
{
    static bool started;

    if (started)
        return;
    started = true;
    make_pattern();
    pool_on_misuse = on_misuse;
    REQUIRE(pool_init(&pool_config_default));
}

static void
verify(const struct block *at, size_t bytes)
{
    REQUIRE(memcmp(at->ptr, pattern + at->seed, bytes) == 0);
}

static void
note_request(size_t bytes)
{
    if (size_in_band(bytes))
        model.gets++;
    else if (bytes < BAND_MIN_BYTES)
        model.below++;
    else
        model.above++;
}

static void
own(struct block *at, void *ptr, size_t bytes, size_t align, uint8_t seed)
{
    REQUIRE(ptr != NULL);
    REQUIRE((uintptr_t)ptr % align == 0);
    REQUIRE(mid_malloc_usable_size(ptr) >= bytes);
    REQUIRE(!size_in_band(bytes) || region_owns(ptr) || align > BIN_ALIGN_MAX);
    at->ptr = ptr;
    at->bytes = bytes;
    at->seed = seed;
    memcpy(ptr, pattern + seed, bytes);
}

/* Sizes on both sides of every border, and any. */
static size_t
take_size(struct bytes *in)
{
    uint8_t how = bytes_take(in);
    uint32_t value = bytes_take_word(in);

    switch (how % 8) {
    case 0:
        return value % 2100;
    case 1:
        return BAND_MIN_BYTES - 2 + value % 5;
    case 2:
        return BAND_MAX_BYTES - 2 + value % 5;
    case 3:
        return (size_t)value * 4;
    case 4:
        return bin_info[value % SIZE_CLASSES].slot_bytes - 1 + value / 32 % 3;
    default:
        return BAND_MIN_BYTES + value % (BAND_MAX_BYTES - BAND_MIN_BYTES + 1);
    }
}

static void
release(struct block *at)
{
    if (at->ptr == NULL)
        return;
    verify(at, at->bytes);
    if (region_owns(at->ptr))
        model.puts++;
    mid_free(at->ptr);
    at->ptr = NULL;
}

static void
get(struct block *at, struct bytes *in)
{
    size_t bytes = take_size(in);
    uint8_t seed = bytes_take(in);

    release(at);
    note_request(bytes);
    own(at, mid_malloc(bytes), bytes, ALIGN_MIN, seed);
}

static void
get_zero(struct block *at, struct bytes *in)
{
    size_t bytes = take_size(in);
    size_t size = 1 + bytes_take(in) % 16;
    size_t count = bytes / size;
    char *ptr;

    release(at);
    note_request(count * size);
    ptr = mid_calloc(count, size);
    REQUIRE(ptr != NULL && memcmp(ptr, zeros, count * size) == 0);
    own(at, ptr, count * size, ALIGN_MIN, 1);
}

static void
get_aligned(struct block *at, struct bytes *in)
{
    size_t bytes = take_size(in);
    size_t align = (size_t)16 << bytes_take(in) % 10;
    void *ptr = NULL;

    release(at);
    if (!size_in_band(bytes) || align <= BIN_ALIGN_MAX)
        note_request(bytes);
    REQUIRE(mid_posix_memalign(&ptr, align, bytes) == 0);
    own(at, ptr, bytes, align, 2);
}

/* Whether a pool serves the result follows from where it lies. */
static void
resize(struct block *at, struct bytes *in)
{
    size_t bytes = take_size(in);
    size_t kept = at->bytes < bytes ? at->bytes : bytes;
    char *before = at->ptr;
    bool pooled = region_owns(before);
    char *ptr;

    if (before == NULL || bytes == 0)
        return;
    verify(at, at->bytes);
    ptr = mid_realloc(before, bytes);
    REQUIRE(ptr != NULL);
    if (ptr != before || !pooled) {
        model.puts += pooled;
        note_request(bytes);
    }
    at->ptr = ptr;
    verify(at, kept);
    own(at, ptr, bytes, ALIGN_MIN, at->seed);
}

/* Every one of these must be refused and change nothing. */
static void
misuse(struct block *at, struct bytes *in)
{
    unsigned before = misuses;
    size_t offset = bytes_take_word(in);
    char *ptr = at->ptr;

    if (ptr == NULL || !region_owns(ptr))
        return;
    if (offset % 4 == 0) {
        release(at);
        mid_free(ptr);
        REQUIRE(mid_malloc_usable_size(ptr) == 0);
        REQUIRE(mid_realloc(ptr, 5000) == NULL);
        model.misused += 3;
        REQUIRE(misuses == before + 3);
        return;
    }
    mid_free(ptr + 1 + offset % at->bytes % (BAND_MIN_BYTES - 1));
    model.misused++;
    REQUIRE(misuses == before + 1);
    verify(at, at->bytes);
}

static void
rare(struct bytes *in)
{
    uint8_t what = bytes_take(in);
    struct pool_config config = pool_config_default;

    if (what % 4 == 0)
        (void)pool_purge();
    else if (what % 4 == 1)
        (void)pool_warm(take_size(in), bytes_take(in) % 20);
    else if (what % 4 == 2)
        (void)pool_tick();
    else {
        config.decay_ms = what % 3 == 0 ? 0 : 10000;
        config.pool_max_bytes = what % 5 == 0 ? 1 << 20 : 0;
        config.zero_on_free = what % 16 == 3;
        pool_configure(&config);
    }
}

static void
step(struct bytes *in)
{
    uint8_t op = bytes_take(in);
    struct block *at = &block[op / 8];

    errno = 77;
    switch (op % 8) {
    case 0:
    case 1:
        get(at, in);
        break;
    case 2:
        get_zero(at, in);
        break;
    case 3:
        get_aligned(at, in);
        break;
    case 4:
        resize(at, in);
        break;
    case 5:
        misuse(at, in);
        return;
    case 6:
        rare(in);
        break;
    default:
        release(at);
    }
    REQUIRE(errno == 77);
}

static void
compare(void)
{
    struct tally now = counted();

    REQUIRE(now.gets == model.gets);
    REQUIRE(now.puts == model.puts);
    REQUIRE(now.misused == model.misused);
    REQUIRE(now.below == model.below);
    REQUIRE(now.above == model.above);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned runs;
    struct bytes in = {data, size};

    start();
    for (unsigned i = 0; i < OPS_MAX && in.left > 0; i++)
        step(&in);
    for (unsigned i = 0; i < BLOCKS; i++)
        release(&block[i]);
    compare();
    if (++runs % CHECK_EVERY == 1) {
        const char *broken = pool_check();

        if (broken != NULL)
            fprintf(stderr, "%s\n", broken);
        REQUIRE(broken == NULL);
    }
    return 0;
}
