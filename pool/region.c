/*
 * region.c - reserving and committing the pools' address space.
 */
#include "region.h"

#include "os.h"
#include "settings.h"
#include "slab.h"

enum {
    SLAB_COMMIT_SLABS = 16, /* slabs committed at once, beyond the first few */
    SLAB_COMMIT_FIRST = 4,
    LIMIT_SHARE = 8, /* of RLIMIT_AS; what is over goes to the fallback */
};

struct region region;
uint16_t region_slab_bin[REGION_SLABS_MAX];

static size_t
bytes_state(uint32_t slabs)
{
    return (size_t)slabs * STATE_TABLE_BYTES;
}

static size_t
bytes_meta(uint32_t slabs)
{
    return align_up((size_t)slabs * sizeof(struct slab), OS_PAGE_BYTES);
}

/* Twice the memory is always enough: what is idle is used again. */
static uint32_t
slabs_wanted(void)
{
    uint64_t bytes = 2 * os_physical_bytes();
    size_t limit = os_address_limit();
    uint32_t slabs = REGION_SLABS_MAX;

    if (bytes == 0)
        bytes = (uint64_t)64 << 30;
    if (limit != SIZE_MAX && bytes > limit / LIMIT_SHARE)
        bytes = limit / LIMIT_SHARE;
    while (slabs > REGION_SLABS_MIN && ((uint64_t)slabs << SLAB_SHIFT) > bytes)
        slabs /= 2;
    return slabs;
}

/* Slabs, state words and slab descriptors in one piece. */
static char *
reserve(uint32_t slabs)
{
    size_t bytes = (size_t)slabs << SLAB_SHIFT;

    return os_reserve(bytes + bytes_state(slabs) + bytes_meta(slabs),
                      SLAB_BYTES);
}

bool
region_init(void)
{
    uint32_t slabs = slabs_wanted();
    char *start = reserve(slabs);

    while (start == NULL && slabs > REGION_SLABS_MIN)
        start = reserve(slabs /= 2);
    if (start == NULL)
        return false;

    char *tables = start + ((size_t)slabs << SLAB_SHIFT);

    region.state =
        tables - ((uintptr_t)start >> STATE_SHIFT << STATE_SPACING_SHIFT);
    region.slab = (struct slab *)(tables + bytes_state(slabs));
    region.high = region.high_commit = slabs;
    region.slabs = slabs;
    region.careful = os_data_limit() != SIZE_MAX;
    region.first = (uintptr_t)start >> SLAB_SHIFT;
    os_name(start, (size_t)slabs << SLAB_SHIFT, "midpool: slabs");
    return true;
}

/* Commits the pages that hold the descriptors [from, to). */
static bool
commit_slabs(uint32_t from, uint32_t to)
{
    uintptr_t start = align_down((uintptr_t)slab_at(from), OS_PAGE_BYTES);
    uintptr_t end = align_up((uintptr_t)slab_at(to), OS_PAGE_BYTES);

    return os_commit((void *)start, end - start);
}

/*
 * Small pages at the bottom, whatever the system's policy: a program with few
 * buffers of many sizes would get 2 MB for each. At the top, where growing
 * bins fill slab after slab, the policy decides, unless the option does.
 */
static void
advise(void *start, size_t bytes, bool huge)
{
    enum pool_thp thp = settings.config.thp;

    if (!huge || thp == POOL_THP_NEVER)
        (void)os_advise_huge(start, bytes, false);
    else if (thp == POOL_THP_DENSE)
        (void)os_advise_huge(start, bytes, true);
}

static bool
commit(uint32_t from, uint32_t to, bool huge)
{
    char *start = region_slab_start(from);
    size_t bytes = (size_t)(to - from) << SLAB_SHIFT;

    if (!os_commit(region_state(start), bytes_state(to - from)) ||
        !commit_slabs(from, to) || !os_commit(start, bytes))
        return false;
    advise(start, bytes, huge);
    return true;
}

/* Slabs to commit at once, fewer than wanted where little is left. */
static uint32_t
commit_step(uint32_t taken)
{
    bool careful = taken < SLAB_COMMIT_FIRST || region.careful;
    uint32_t step = careful ? 1 : SLAB_COMMIT_SLABS;
    uint32_t left = region.high_commit - region.low_commit;

    return step < left ? step : left;
}

static uint32_t
extend_low(void)
{
    if (region.low == region.low_commit) {
        uint32_t step = commit_step(region.low);

        if (step == 0 ||
            !commit(region.low_commit, region.low_commit + step, false))
            return UINT32_MAX;
        region.low_commit += step;
    }
    return region.low++;
}

static uint32_t
extend_high(void)
{
    if (region.high == region.high_commit) {
        uint32_t step = commit_step(region.slabs - region.high);

        if (step == 0 ||
            !commit(region.high_commit - step, region.high_commit, true))
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
    return huge ? extend_high() : extend_low();
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
