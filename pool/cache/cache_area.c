/*
 * cache_area.c - mapping caches and the statistics page, see cache_area.h.
 */
#include "cache_area.h"

#include "account.h"
#include "os.h"
#include "space.h"

enum {
    BLOCKS_COMMIT = 16,      /* blocks mapped at once */
    BLOCKS_MIN = 64,         /* where address space is scarce: as many */
    BLOCKS_LIMIT_SHARE = 64, /* blocks as fit this part of it, twice */
};

static struct {
    struct cache *start;            /* NULL: none */
    uint32_t limit;                 /* blocks there can be */
    uint32_t mapped;                /* blocks below are usable */
    bool shared;                    /* the page is a file, */
    bool (*may_grow)(size_t bytes); /* which is asked before it grows */
} area;

bool
cache_area_exists(void)
{
    return area.start != NULL;
}

struct cache *
cache_at(uint32_t index)
{
    return (struct cache *)((char *)area.start +
                            (size_t)index * PAGE_BLOCK_BYTES);
}

uint32_t
cache_area_limit(void)
{
    return area.limit;
}

static size_t
bytes_of(uint32_t blocks)
{
    return (size_t)blocks * PAGE_BLOCK_BYTES;
}

/* The block of counters that belongs to the cache of this index. */
static char *
block_at(uint32_t index)
{
    return (char *)cache_at(index) + CACHE_TO_BLOCK;
}

static bool
map_blocks(uint32_t from, uint32_t to)
{
    char *caches = (char *)cache_at(from);

    if (!space_map(caches, bytes_of(to - from)))
        return false;
    if (area.shared || space_map(block_at(from), bytes_of(to - from)))
        return true;
    space_unmap(caches, bytes_of(to - from));
    return false;
}

static uint32_t
blocks_wanted(void)
{
    size_t limit = os_address_limit();
    size_t blocks = limit / BLOCKS_LIMIT_SHARE / (2 * PAGE_BLOCK_BYTES);

    if (!space_reserved() || limit == SIZE_MAX || blocks > PAGE_BLOCKS)
        return PAGE_BLOCKS;
    return blocks > BLOCKS_MIN ? (uint32_t)align_down(blocks, BLOCKS_COMMIT)
                               : BLOCKS_MIN;
}

bool
cache_area_init(void)
{
    area.limit = blocks_wanted();
    area.start =
        space_pair(bytes_of(area.limit), CACHE_TO_BLOCK, OS_PAGE_MAX_BYTES);
    if (area.start == NULL)
        return false;
    if (!map_blocks(0, BLOCKS_COMMIT)) {
        area.start = NULL;
        return false;
    }
    area.mapped = BLOCKS_COMMIT;
    account_move((struct stats_header *)block_at(0));
    return true;
}

bool
cache_area_grow(uint32_t index)
{
    pool_assert(index <= area.mapped);
    if (index == area.mapped) {
        if (index == area.limit || !map_blocks(index, index + BLOCKS_COMMIT))
            return false;
        area.mapped += BLOCKS_COMMIT;
    }
    /* The file behind a shared page may have no room for one more block. */
    return !area.shared ||
           ((area.may_grow == NULL || area.may_grow(PAGE_BLOCK_BYTES)) &&
            os_populate_shared(block_at(index), PAGE_BLOCK_BYTES));
}

/* Writes into the file, by a mapping of its own. */
static bool
write_page(int fd, size_t bytes)
{
    char *copy = os_reserve(bytes, os_page_bytes());

    if (copy == NULL)
        return false;

    bool mapped = os_map_shared(copy, bytes, fd);

    if (mapped)
        __builtin_memcpy(copy, account_page, bytes);
    os_release(copy, bytes);
    return mapped;
}

/* The blocks of the page that are not mapped yet. */
static size_t
bytes_unmapped(void)
{
    return bytes_of(area.limit - area.mapped);
}

bool
cache_area_share(int fd, uint32_t blocks, bool (*may_grow)(size_t))
{
    char *rest = block_at(area.mapped);

    if (!write_page(fd, bytes_of(blocks)))
        return false;
    if (!space_set_aside(rest, bytes_unmapped()))
        return false;
    area.shared = os_map_shared(account_page, bytes_of(area.limit), fd);
    area.may_grow = may_grow;
    if (!area.shared)
        space_unmap(rest, bytes_unmapped());
    return area.shared;
}

bool
cache_area_unshare(void)
{
    static char header[PAGE_HEADER_BYTES];
    struct stats_header *page = account_page;
    uint32_t blocks = space_reserved() ? area.limit : area.mapped;

    if (!area.shared)
        return true;
    __builtin_memcpy(header, page, sizeof(header));
    if (!os_map_private(page, bytes_of(blocks)))
        return false;
    space_unmap(block_at(area.mapped), bytes_unmapped());
    area.shared = false;
    __builtin_memcpy(page, header, sizeof(header));
    return true;
}
