/*
 * write_pages.c - writes synthetic pages and all their renderings.
 *
 *   write_pages DIRECTORY
 *
 * makes NAME.page, NAME.txt, NAME.json, NAME.prom and NAME.csv for every
 * scene below. The scripts beside it compare the renderings with golden
 * files, hold them against their formats' judges, and read the pages back
 * with midpool-snapshot.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats_fixture.h"

static struct stats_snapshot snap;
static char buf[REPORT_MAX_BYTES];

/* The process asked for nothing that the pools serve. */
static struct stats_header *
idle_page(void)
{
    struct stats_header *page = fixture_page();
    struct stats_block *block = stats_block_at(page, PAGE_FIRST_BLOCK);
    block->fallback_calls[6] = 321;
    block->below_granted = 12000;
    block->below_credit = 345;
    return page;
}

static struct stats_header *
inactive_page(void)
{
    struct stats_header *page = fixture_page();
    page->active = 0;
    strcpy(page->reason, "the executable defines malloc itself");
    return page;
}

/* Low hit rate, misuse, waste, bypasses: everything that is advised on. */
static struct stats_header *
troubled_page(void)
{
    struct stats_header *page = fixture_busy_page();
    struct stats_block *block = stats_block_at(page, PAGE_FIRST_BLOCK);
    fixture_traffic(page, CLASS_2560, 2100, 2000000, 900000, 1990000);
    fixture_peak(page, CLASS_2560, 11500);
    block->cold[CLASS_2560].bypasses = 200000;
    block->above_bytes = 90000000000;
    block->fallback_calls[20] = 50000;
    page->double_frees = 2;
    page->misaligned_frees = 1;
    page->end = STATS_END_SIGNAL;
    return page;
}

/* Names that no format takes as they are. */
static struct stats_header *
odd_page(void)
{
    struct stats_header *page = fixture_page();
    fixture_traffic(page, CLASS_4K, 4000, 1, 1, 0);
    strcpy(page->executable, "/tmp/\xff\"\\\n\t,\x1b[31m\xc3\xa9\xe2\x82");
    strcpy(page->host, "h\xc3\xb6st");
    strcpy(page->reason, "odd \"reason\"\xfe");
    strcpy(page->config, "report:csv,report_file:/a\\,b\\\\\"c\x01\xff,"
                         "decay_ms:-1,pool_max:0,cache_max:8M");
    page->pid = 1;
    return page;
}

/* Another process of the busy page's program. */
static struct stats_header *
again_page(void)
{
    struct stats_header *page = fixture_busy_page();
    page->pid++;
    return page;
}

/* Longer than the label and the line. */
static struct stats_header *
long_page(void)
{
    struct stats_header *page = fixture_busy_page();
    memset(page->executable, 'n', 300);
    page->executable[0] = '/';
    page->executable[300] = '\0';
    return page;
}

static const struct scene {
    const char *name;
    struct stats_header *(*make)(void);
} scenes[] = {
    {"busy", fixture_busy_page},
    {"idle", idle_page},
    {"inactive", inactive_page},
    {"troubled", troubled_page},
    {"odd", odd_page},
    {"long", long_page},
    {"extreme", fixture_extreme_page},
    {"again", again_page},
};

static void
save(const char *directory, const char *name, const char *extension,
     const void *bytes, size_t count)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.%s", directory, name, extension);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, count, file) != count || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static void
save_scene(const char *directory, const struct scene *scene)
{
    static const struct report_style style = {.width = 80, .utf8 = true};
    struct stats_header *page = scene->make();
    save(directory, scene->name, "page", page, FIXTURE_BYTES);
    stats_snapshot_take(&snap, page, 0);
    for (int format = REPORT_TEXT; format < REPORT_NONE; format++) {
        size_t length = report_render((enum report_format)format, &style, &snap,
                                      buf, sizeof(buf));
        save(directory, scene->name,
             report_extension((enum report_format)format), buf, length);
    }
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: write_pages DIRECTORY\n", stderr);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
        save_scene(argv[1], &scenes[i]);
    return EXIT_SUCCESS;
}
