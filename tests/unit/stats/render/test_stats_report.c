/*
 * test_stats_report.c - what holds for every rendering, whatever the page.
 *
 * The words themselves are compared in tests/stats (golden files), JSON and
 * OpenMetrics by their own judges.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "label.h"
#include "stats_fixture.h"

static const enum report_format formats[] = {REPORT_TEXT, REPORT_JSON,
                                             REPORT_OPENMETRICS, REPORT_CSV};

static struct stats_snapshot snap;
static char buf[REPORT_MAX_BYTES + 1];
static struct report_style style = {.width = 80, .utf8 = true};

static size_t
render(enum report_format format, struct stats_header *page)
{
    stats_snapshot_take(&snap, page, 0);
    snap.rss_bytes = UINT64_MAX;
    memset(&snap.usage, 0xff, sizeof(snap.usage));
    size_t length = report_render(format, &style, &snap, buf, REPORT_MAX_BYTES);
    buf[length] = '\0';
    return length;
}

static unsigned
count_lines(const char *text)
{
    unsigned lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* Columns of the longest line; continuation bytes and ESC [...m take none. */
static unsigned
widest_line(const char *text)
{
    unsigned widest = 0;
    unsigned columns = 0;
    for (; *text != '\0'; text++) {
        if (*text == '\033')
            text = strchr(text, 'm');
        else if (*text == '\n')
            columns = 0;
        else if (((unsigned char)*text & 0xc0) != 0x80)
            columns++;
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

ParameterizedTestParameters(stats_report, extremes_fit)
{
    return cr_make_param_array(enum report_format, (void *)formats,
                               sizeof(formats) / sizeof(formats[0]));
}

ParameterizedTest(const enum report_format *format, stats_report, extremes_fit)
{
    size_t length = render(*format, fixture_extreme_page());
    cr_expect(gt(sz, length, 1000));
    cr_expect(lt(sz, length, REPORT_MAX_BYTES));
    cr_expect(eq(chr, buf[length - 1], '\n'));

    /* Nothing was cut off: a larger buffer would hold the same. */
    static char larger[2 * REPORT_MAX_BYTES];
    cr_expect(
        eq(sz, length,
           report_render(*format, &style, &snap, larger, sizeof(larger))));
}

ParameterizedTestParameters(stats_report, short_buffers_end_in_whole_lines)
{
    return cr_make_param_array(enum report_format, (void *)formats,
                               sizeof(formats) / sizeof(formats[0]));
}

ParameterizedTest(const enum report_format *format, stats_report,
                  short_buffers_end_in_whole_lines)
{
    static char whole[REPORT_MAX_BYTES];
    size_t full = render(*format, fixture_busy_page());
    memcpy(whole, buf, full);
    for (size_t size = 0; size <= full; size += 1 + size / 20) {
        memset(buf, '~', full + 1);
        size_t length = report_render(*format, &style, &snap, buf, size);
        cr_assert(le(sz, length, size));
        cr_assert(eq(chr, buf[size], '~'), "overrun at %zu", size);
        bool whole_lines = length == 0 || buf[length - 1] == '\n';
        cr_assert(whole_lines);
        cr_assert(eq(int, memcmp(buf, whole, length), 0));
    }
}

Test(stats_report, text_has_at_most_forty_lines_of_eighty_columns)
{
    render(REPORT_TEXT, fixture_extreme_page());
    cr_expect(le(u32, count_lines(buf), 40));
    cr_expect(le(u32, widest_line(buf), 80), "%s", buf);
    render(REPORT_TEXT, fixture_busy_page());
    cr_expect(le(u32, count_lines(buf), 40));
    cr_expect(le(u32, widest_line(buf), 80), "%s", buf);
}

Test(stats_report, text_is_seven_bit_and_colourless_unless_asked)
{
    style = (struct report_style){.width = 80};
    render(REPORT_TEXT, fixture_busy_page());
    for (const char *c = buf; *c != '\0'; c++) {
        bool plain = *c == '\n' || (*c >= ' ' && *c <= '~');
        cr_assert(plain, "%d at %.20s", *c, c);
    }
}

Test(stats_report, colour_adds_escapes_and_nothing_else)
{
    static char plain[REPORT_MAX_BYTES + 1];
    render(REPORT_TEXT, fixture_busy_page());
    strcpy(plain, buf);
    style.colour = true;
    render(REPORT_TEXT, fixture_busy_page());
    cr_expect(contains(buf, "\033[1mmidpool\033[0m"));
    char *to = buf;
    for (const char *from = buf; *from != '\0'; from++) {
        if (*from == '\033')
            from = strchr(from, 'm');
        else
            *to++ = *from;
    }
    *to = '\0';
    cr_expect(eq(str, buf, plain));
}

Test(stats_report, a_wider_terminal_gets_longer_lines)
{
    style.width = 160;
    render(REPORT_TEXT, fixture_busy_page());
    cr_expect(gt(u32, widest_line(buf), 80));
    cr_expect(le(u32, widest_line(buf), 160));
    style.width = 0;
    render(REPORT_TEXT, fixture_busy_page());
    cr_expect(le(u32, widest_line(buf), 80));
}

Test(stats_report, all_shows_every_size_class)
{
    style.all = true;
    render(REPORT_TEXT, fixture_busy_page());
    cr_expect(contains(buf, "\n   2.5 KB "));
    cr_expect(contains(buf, "\n    56 KB "));
}

Test(stats_report, text_says_so_when_the_pools_were_not_active)
{
    struct stats_header *page = fixture_page();
    page->active = 0;
    strcpy(page->reason, "the executable defines malloc");
    render(REPORT_TEXT, page);
    cr_expect(contains(buf, "NOT ACTIVE: the executable defines malloc\n"));
}

Test(stats_report, text_has_a_sentence_for_no_gets)
{
    render(REPORT_TEXT, fixture_page());
    cr_expect(contains(buf, "no get: the program asked for nothing"));
    cr_expect(not(contains(buf, "hit rate")));
}

Test(stats_report, names_of_programs_can_not_drive_the_terminal)
{
    struct stats_header *page = fixture_page();
    strcpy(page->executable, "/bin/\033[2Jx\n\xff");
    render(REPORT_TEXT, page);
    cr_expect(contains(buf, "?[2Jx?? [4242]"));
}

Test(stats_report, no_format_has_no_report)
{
    cr_expect(eq(sz, render(REPORT_NONE, fixture_page()), 0));
    cr_expect(eq(sz, render((enum report_format)99, fixture_page()), 0));
}

Test(stats_report, extensions_follow_the_format)
{
    cr_expect(eq(str, (char *)report_extension(REPORT_TEXT), "txt"));
    cr_expect(eq(str, (char *)report_extension(REPORT_JSON), "json"));
    cr_expect(eq(str, (char *)report_extension(REPORT_OPENMETRICS), "prom"));
    cr_expect(eq(str, (char *)report_extension(REPORT_CSV), "csv"));
}

Test(stats_report, every_series_has_the_instance_and_the_users_labels)
{
    static const struct {
        const char *config;
        const char *labels;
    } cases[] = {
        {"", ""},
        {"report_labels:job=web+tier_2=front", ",job=\"web\",tier_2=\"front\""},
        {"live:no,report_labels:a=q\"b\\\\c\\+d\\,e,thp:default",
         ",a=\"q\\\"b\\\\c+d,e\""},
        /* Of a forged page, only what is good. */
        {"report_labels:a=1+pool=2", ",a=\"1\""},
        {"report_labels:a=1+b=\x1b", ",a=\"1\""},
    };
    struct stats_header *page = fixture_busy_page();
    char wanted[200];

    page->birth.pid_namespace = 4026531836;
    page->generation = 2;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        strcpy(page->config, cases[i].config);
        render(REPORT_OPENMETRICS, page);
        snprintf(wanted, sizeof(wanted),
                 "{executable=\"sqlite3\",instance=\"4026531836-4242-2-"
                 "1700000000123456789\"%s,pool=\"2048\"} 1000000\n",
                 cases[i].labels);
        cr_expect(contains(buf, wanted), "%s", buf);
    }
}

Test(stats_report, labels_are_good_or_not)
{
    static const char *const good[] = {
        "", "a=b", "a=b+c=d", "_a1=\xc3\xa9 x", "a=1=2", "a=\\+", "a=\\\\",
    };
    static const char *const bad[] = {
        "a",    "=b",     "a=",         "a=b+",    "+a=b",   "a=b++c=d",
        "1a=b", "a-b=c",  "__a=b",      "a=b+a=c", "pool=1", "instance=x",
        "a=\n", "a=\xff", "a=\xc2\x9b", "a=\\b",   "a=\\",   "a=b+c",
    };
    char many[LABEL_COUNT_MAX * 5 + 6] = "";
    char longest[LABEL_ALL_BYTES + 1];

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        cr_expect(label_all_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_expect(not(label_all_valid(bad[i])), "%s", bad[i]);
    for (int i = 0; i < LABEL_COUNT_MAX; i++)
        sprintf(many + strlen(many), "%sa%c=b", i > 0 ? "+" : "", 'a' + i);
    cr_expect(label_all_valid(many));
    strcat(many, "+zz=b");
    cr_expect(not(label_all_valid(many)));
    memset(longest, 'a', sizeof(longest));
    longest[1] = '=';
    longest[LABEL_ALL_BYTES] = '\0';
    cr_expect(not(label_all_valid(longest)));
    longest[LABEL_ALL_BYTES - 1] = '\0';
    cr_expect(label_all_valid(longest));
}

Test(stats_report, a_series_per_class_on_request)
{
    struct stats_header *page = fixture_busy_page();

    strcpy(page->config, "openmetrics_detail:classes,live:no");
    render(REPORT_OPENMETRICS, page);
    cr_expect(contains(buf, ",pool=\"4096\",class=\"2560\"} 30000\n"));
    cr_expect(contains(buf, "midpool_peak_live_bytes{"));
    cr_expect(not(contains(buf, "} 0\n")));
}

/* Of more threads than blocks the highest number is not known. */
Test(stats_report, a_peak_of_threads_beyond_the_blocks_is_said_to_be_a_bound)
{
    struct stats_header *page = fixture_busy_page();
    page->threads_peak = PAGE_BLOCKS - PAGE_FIRST_BLOCK - 1;
    render(REPORT_JSON, page);
    cr_expect_not_null(strstr(buf, "\"peak_is_bound\": false"));
    page->threads_beyond = 1;
    render(REPORT_JSON, page);
    cr_expect_not_null(strstr(buf, "\"peak_is_bound\": true"));
    render(REPORT_TEXT, page);
    cr_expect_not_null(strstr(buf, "4,093 or more"));
}
