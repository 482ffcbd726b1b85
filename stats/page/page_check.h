/*
 * page_check.h - makes bytes from outside safe to read as a page.
 */
#ifndef MIDPOOL_STATS_PAGE_CHECK_H
#define MIDPOOL_STATS_PAGE_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "page.h"

/* Bytes that the header and the blocks in use take, within the limits. */
size_t page_used_bytes(const struct stats_header *header);

/*
 * Says in a few words why the header is none of a page that this program
 * reads; NULL when it is one.
 */
const char *page_header_fault(const struct stats_header *header);

/*
 * Forces every field that others index or loop by into its range and ends
 * every string. bytes is the size of the memory that starts at header.
 * Requires: page_header_fault found none, bytes >= PAGE_HEADER_BYTES.
 * Ensures: no snapshot or rendering of the page reads beyond bytes.
 */
void page_tame(struct stats_header *page, size_t bytes);

#endif
