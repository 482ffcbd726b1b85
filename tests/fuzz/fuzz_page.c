/*
 * fuzz_page.c - live pages from anybody's bytes, read as midpool-snapshot
 * does, and the renderings of what they say.
 *
 * The input's first byte chooses a format; the others patch a sound page,
 * since nearly all bytes are none: a record is an offset in 8-byte words (two
 * bytes), a count and that many bytes.
 */
#include <string.h>

#include "bytes.h"
#include "json_check.h"
#include "page_check.h"
#include "report.h"
#include "size_class.h"

enum { BLOCKS = 6, BYTES = BLOCKS * PAGE_BLOCK_BYTES };

static void
make_page(struct stats_header *page)
{
    memset(page, 0, BYTES);
    memcpy(page->magic, "midpool", 8);
    page->layout = PAGE_LAYOUT;
    page->block_bytes = PAGE_BLOCK_BYTES;
    page->blocks_used = BLOCKS;
    page->pid = 1;
    page->active = 1;
    strcpy(page->executable, "/bin/true");
    size_class_describe(page);
}

static void
patch(struct stats_header *page, struct bytes *in)
{
    while (in->left > 0) {
        size_t at = bytes_take_word(in) * 8 % BYTES;
        unsigned count = bytes_take(in);

        while (count-- > 0 && at < BYTES)
            ((uint8_t *)page)[at++] = bytes_take(in);
    }
}

static void
render(const struct stats_snapshot *snapshot, enum report_format format)
{
    static char text[REPORT_MAX_BYTES];
    static const struct report_style style = {
        .colour = true, .utf8 = true, .all = true, .width = 80};
    size_t length = report_render(format, &style, snapshot, text, sizeof(text));

    REQUIRE(length > 0 && length < sizeof(text));
    REQUIRE(text[length - 1] == '\n');
    REQUIRE(memchr(text, '\0', length) == NULL);
    REQUIRE(format != REPORT_JSON || json_is_valid(text, length));
    REQUIRE(report_render(format, &style, snapshot, text, 1000) <= 1000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stats_snapshot snapshot;
    struct stats_header *page = malloc(BYTES);
    struct bytes in = {data, size};
    enum report_format format = bytes_take(&in) % REPORT_NONE;
    size_t used;

    make_page(page);
    patch(page, &in);
    used = page_used_bytes(page);
    REQUIRE(used >= PAGE_HEADER_BYTES);
    if (page_header_fault(page) == NULL) {
        if (used > BYTES)
            used = BYTES;
        page = realloc(page, used);
        page_tame(page, used);
        stats_snapshot_take(&snapshot, page, 1);
        render(&snapshot, format);
    }
    free(page);
    return 0;
}
