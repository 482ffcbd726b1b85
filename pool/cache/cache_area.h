/*
 * cache_area.h - the memory of caches and of the statistics page.
 *
 * Model     One piece of address space: PAGE_BLOCKS caches, then the page
 *           (header and as many blocks), so that a cache and its block are
 *           CACHE_TO_BLOCK apart. Mapped in steps from the bottom, caches and
 *           blocks alike. With live:yes the whole page is mapped from the file
 *           at once, because the descriptor is closed afterwards.
 * Ownership Written under the slab lock.
 */
#ifndef MIDPOOL_POOL_CACHE_AREA_H
#define MIDPOOL_POOL_CACHE_AREA_H

#include "cache.h"

/*
 * Takes the area, maps its first blocks and moves the page into it, with the
 * counts of start-up. False: no memory.
 */
bool cache_area_init(void);

/* Was cache_area_init successful? */
bool cache_area_exists(void);

/* The cache that belongs to a block number. */
struct cache *cache_at(uint32_t index);

/* The end of block numbers. */
uint32_t cache_area_limit(void);

/*
 * Makes the blocks and caches up to index usable. False: no memory. Requires
 * the slab lock.
 */
bool cache_area_grow(uint32_t index);

/*
 * Writes the first blocks of the page into the file, which is as long as the
 * page may become, and maps the file in place of the page. may_grow is as in
 * pool_page_share. False: nothing changed.
 */
bool cache_area_share(int fd, uint32_t blocks, bool (*may_grow)(size_t));

/*
 * In a forked child: makes a page of its own, with the parent's header and zero
 * counts. False: no memory.
 */
bool cache_area_unshare(void);

#endif
