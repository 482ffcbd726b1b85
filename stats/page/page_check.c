/*
 * page_check.c - makes bytes from outside safe to read as a page.
 */
#include "page_check.h"

#include <string.h>

const char *
page_header_fault(const struct stats_header *header)
{
    static const char magic[sizeof(header->magic)] = "midpool";
    if (memcmp(header->magic, magic, sizeof(magic)) != 0)
        return "not a page of midpool's";
    if (header->layout != PAGE_LAYOUT)
        return "a page of another version of midpool";
    if (header->block_bytes != PAGE_BLOCK_BYTES ||
        header->blocks_used > PAGE_BLOCKS)
        return "a damaged page";
    return NULL;
}

size_t
page_used_bytes(const struct stats_header *header)
{
    uint32_t used = header->blocks_used;
    used = used > PAGE_FIRST_BLOCK ? used : PAGE_FIRST_BLOCK;
    used = used < PAGE_BLOCKS ? used : PAGE_BLOCKS;
    return (size_t)used * PAGE_BLOCK_BYTES;
}

static void
end_string(char *text, size_t size)
{
    text[size - 1] = '\0';
}

void
page_tame(struct stats_header *page, size_t bytes)
{
    if (page->blocks_used > bytes / PAGE_BLOCK_BYTES)
        page->blocks_used = (uint32_t)(bytes / PAGE_BLOCK_BYTES);
    if (page->intervals > PAGE_INTERVALS)
        page->intervals = PAGE_INTERVALS;
    if (page->warn_below > 100)
        page->warn_below = 100;
    for (unsigned i = 0; i < PAGE_CLASSES; i++)
        if (page->class_pool[i] >= PAGE_POOLS)
            page->class_pool[i] = PAGE_POOLS - 1;
    for (unsigned i = 0; i < PAGE_BINS; i++)
        if (page->bin_class[i] >= PAGE_CLASSES)
            page->bin_class[i] = PAGE_CLASSES - 1;
    end_string(page->reason, sizeof(page->reason));
    end_string(page->executable, sizeof(page->executable));
    end_string(page->file, sizeof(page->file));
    end_string(page->build_id, sizeof(page->build_id));
    end_string(page->host, sizeof(page->host));
    end_string(page->config, sizeof(page->config));
}
