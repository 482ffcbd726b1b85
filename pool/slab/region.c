/*
 * region.c - reserving and committing the pools' address space.
 */
#include "region.h"

#include "os.h"
#include "settings.h"
#include "space.h"

enum {
    COMMIT_SLABS = 32, /* committed at once, beyond the first few */
    COMMIT_FIRST = 8,
    LIMIT_SHARE = 4, /* of RLIMIT_AS; beyond it, the fallback serves */
};

/* A table whose pages below low and from high upwards are committed. */
struct table {
    char *low;
    char *high;
};

static struct table descriptors;
static struct table states;

struct lock slab_lock = LOCK_NAMED("slab");
struct region region;
uint16_t region_slab_bin[REGION_SLABS_MAX];

static size_t
bytes_state(uint32_t slabs)
{
    return (size_t)slabs * STATE_TABLE_BYTES;
}

size_t
region_used_bytes(void)
{
    return align_up(SLAB_USED_BYTES, os_page_bytes());
}

bool
region_purge(uint32_t number)
{
    return os_purge(region_slab_start(number), region_used_bytes());
}

static size_t
bytes_meta(uint32_t slabs)
{
    return align_up((size_t)slabs * sizeof(struct slab), os_page_bytes());
}

static uint32_t
set_size(uint32_t slabs)
{
    return (uint32_t)align_up(slabs, 64) / 64;
}

static size_t
bytes_sets(uint32_t slabs)
{
    size_t words = (size_t)SLAB_SETS * set_size(slabs);

    return align_up(words * sizeof(uint64_t), os_page_bytes());
}

/* Twice the memory is always enough, because idle memory is used again. */
static uint32_t
slabs_wanted(void)
{
    uint64_t bytes = 2 * os_physical_bytes();
    uint32_t slabs = REGION_SLABS_MAX;

    if (bytes == 0)
        bytes = (uint64_t)64 << 30;
    if (bytes > os_address_limit() / LIMIT_SHARE)
        bytes = os_address_limit() / LIMIT_SHARE;
    while (slabs > REGION_SLABS_MIN && ((uint64_t)slabs << SLAB_SHIFT) > bytes)
        slabs /= 2;
    return slabs;
}

/* Slabs and state words in one piece. */
static size_t
bytes_range(uint32_t slabs)
{
    return ((size_t)slabs << SLAB_SHIFT) + bytes_state(slabs);
}

/*
 * Takes address space for *slabs slabs, or for fewer if there is less, and
 * sets *slabs to their number. NULL: not even for REGION_SLABS_MIN.
 */
static char *
find_place(uint32_t *slabs)
{
    char *start;

    while ((start = space_piece(bytes_range(*slabs), HUGE_PAGE_BYTES)) ==
               NULL &&
           *slabs > REGION_SLABS_MIN)
        *slabs /= 2;
    if (start != NULL && space_reserved())
        os_name(start, (size_t)*slabs << SLAB_SHIFT, "midpool: slabs");
    return start;
}

/* Descriptors, mapped in steps, and sets, of which few pages get touched. */
static bool
find_tables(uint32_t slabs)
{
    region.slab = space_piece(bytes_meta(slabs), os_page_bytes());
    region.set_words = space_piece(bytes_sets(slabs), os_page_bytes());
    region.set_size = set_size(slabs);
    return region.slab != NULL && region.set_words != NULL &&
           space_map(region.set_words, bytes_sets(slabs));
}

bool
region_init(void)
{
    uint32_t slabs = slabs_wanted();
    char *start;

    space_init(bytes_range(slabs) + bytes_meta(slabs) + bytes_sets(slabs),
               HUGE_PAGE_BYTES);
    start = find_place(&slabs);
    if (start == NULL || !find_tables(slabs))
        return false;
    descriptors.low = (char *)region.slab;
    descriptors.high = descriptors.low + bytes_meta(slabs);
    states.low = start + ((size_t)slabs << SLAB_SHIFT);
    states.high = states.low + bytes_state(slabs);
    region.state =
        states.low - ((uintptr_t)start >> STATE_SHIFT << STATE_SPACING_SHIFT);
    region.high = region.high_commit = slabs;
    region.slabs = slabs;
    region.careful =
        os_data_limit() != SIZE_MAX || os_address_limit() != SIZE_MAX;
    region.first = (uintptr_t)start >> SLAB_SHIFT;
    return true;
}

/* Commits the table's pages that hold [from, to) and are not committed yet. */
static bool
commit_table(struct table *table, const void *from, const void *to, bool top)
{
    char *start = (char *)align_down((uintptr_t)from, os_page_bytes());
    char *end = (char *)align_up((uintptr_t)to, os_page_bytes());

    if (start < table->low)
        start = table->low;
    if (end > table->high)
        end = table->high;
    if (start >= end)
        return true;
    if (!space_map(start, (size_t)(end - start)))
        return false;
    if (top)
        table->high = start;
    else
        table->low = end;
    return true;
}

/* Commits descriptors and state words of the slabs [from, to). */
static bool
commit_tables(uint32_t from, uint32_t to, bool top)
{
    const char *state = (const char *)region_state(region_slab_start(from));

    return commit_table(&descriptors, &region.slab[from], &region.slab[to],
                        top) &&
           commit_table(&states, state, state + bytes_state(to - from), top);
}

/*
 * Gives the advice that an option asks for, and no other: a seccomp filter of
 * the program may kill it for a call of madvise.
 */
static void
advise(void *start, size_t bytes, bool top)
{
    enum pool_thp thp = settings.config.thp;

    if (thp == POOL_THP_NEVER)
        (void)os_advise_huge(start, bytes, false);
    else if (thp == POOL_THP_DENSE && top)
        (void)os_advise_huge(start, bytes, true);
}

/* The bytes of a slab's addresses that are mapped; see region.h. */
static size_t
slab_mapped_bytes(uint32_t number, bool top)
{
    return top || number % HUGE_PAGE_SLABS == 0 ? SLAB_BYTES
                                                : region_used_bytes();
}

/* Commits the slabs [from, to) of the top, or one slab, from, of the bottom. */
static bool
commit(uint32_t from, uint32_t to, bool top)
{
    char *start = region_slab_start(from);
    size_t bytes = ((size_t)(to - from - 1) << SLAB_SHIFT) +
                   slab_mapped_bytes(to - 1, top);

    if (!commit_tables(from, to, top) || !space_map(start, bytes))
        return false;
    advise(start, bytes, top);
    return true;
}

static bool
is_top(uint32_t number)
{
    return number >= region.high_commit;
}

void
region_unmap(uint32_t number)
{
    space_unmap(region_slab_start(number),
                slab_mapped_bytes(number, is_top(number)));
}

bool
region_map(uint32_t number)
{
    char *start = region_slab_start(number);
    size_t bytes = slab_mapped_bytes(number, is_top(number));

    if (!space_map(start, bytes))
        return false;
    advise(start, bytes, is_top(number));
    return true;
}

/* The top is committed in whole huge pages. */
static uint32_t
least_step(bool top)
{
    return top ? HUGE_PAGE_SLABS : 1;
}

/*
 * The number of slabs to commit at once; fewer if few are left. At the bottom
 * it is one, because of the page that is not mapped.
 */
static uint32_t
commit_step(uint32_t taken, bool top)
{
    bool careful = !top || taken < COMMIT_FIRST || region.careful;
    uint32_t step = careful ? least_step(top) : COMMIT_SLABS;
    uint32_t left = region.high_commit - region.low_commit;

    return step < left ? step : (uint32_t)align_down(left, least_step(top));
}

/*
 * Commits the next slabs of one end; as few as possible if the system refuses
 * more. Returns their number.
 */
static uint32_t
commit_next(uint32_t taken, bool top)
{
    uint32_t step = commit_step(taken, top);

    while (step > 0) {
        uint32_t from = top ? region.high_commit - step : region.low_commit;

        if (commit(from, from + step, top))
            break;
        step = step > least_step(top) ? least_step(top) : 0;
    }
    return step;
}

static uint32_t
extend_low(void)
{
    if (region.low == region.low_commit) {
        uint32_t step = commit_next(region.low, false);

        if (step == 0)
            return UINT32_MAX;
        region.low_commit += step;
    }
    return region.low++;
}

static uint32_t
extend_high(void)
{
    if (region.high == region.high_commit) {
        uint32_t step = commit_next(region.slabs - region.high, true);

        if (step == 0)
            return UINT32_MAX;
        region.high_commit -= step;
    }
    return --region.high;
}

uint32_t
region_extend(bool huge)
{
    if (region.slabs == 0)
        return UINT32_MAX;

    uint32_t number = huge ? extend_high() : extend_low();

    /* Another mapping may be in the way at one end. */
    if (number == UINT32_MAX)
        number = huge ? extend_low() : extend_high();
    return number;
}

uint32_t
region_next_used(uint32_t number)
{
    for (; number < region.slabs; number++) {
        if (number == region.low)
            number = region.high;
        if (number < region.slabs && region_slab_bin[number] != 0)
            return number;
    }
    return UINT32_MAX;
}
