/*
 * test_options.c - MIDPOOL_CONF: every kind of value, every way to be wrong.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "page.h"

static char complaints[8192];
static int complaint_count;

static void
complain(const char *line, size_t length)
{
    cr_assert_eq(line[length - 1], '\n', "a complaint is one whole line");
    cr_assert_eq(memchr(line, '\n', length - 1), NULL);
    strncat(complaints, line, length);
    complaint_count++;
}

static struct options
parse(const char *conf)
{
    struct options options;

    complaints[0] = '\0';
    complaint_count = 0;
    options_init(&options);
    options_parse(&options, conf, complain);
    return options;
}

static void
assert_silent(void)
{
    cr_assert_eq(complaint_count, 0, "%s", complaints);
}

/* One complaint, which holds all three. */
static void
assert_complaint(const char *culprit, const char *key, const char *in_effect)
{
    cr_assert_eq(complaint_count, 1, "%d complaints: %s", complaint_count,
                 complaints);
    cr_assert_neq(strstr(complaints, culprit), NULL, "%s", complaints);
    cr_assert_neq(strstr(complaints, key), NULL, "%s", complaints);
    cr_assert_neq(strstr(complaints, in_effect), NULL, "%s", complaints);
}

Test(options, defaults_are_those_of_the_contract)
{
    struct options options = parse("");

    assert_silent();
    cr_assert_eq(options.report, REPORT_TEXT);
    cr_assert_str_eq(options.report_file, "");
    cr_assert(options.report_children);
    cr_assert_eq(options.report_min_gets, 4000);
    cr_assert_eq(options.warn_below, 95);
    cr_assert_not(options.live);
    cr_assert_eq(options.signal, 0);
    cr_assert_eq(options.warmup.steps, 0);
    cr_assert_eq(options.zero, OPTION_ZERO_OFF);
    cr_assert_eq(options.misuse, OPTION_MISUSE_ABORT);
    cr_assert_not(options.check_fill);
    cr_assert_eq(options.thp, POOL_THP_AUTO);
    cr_assert_eq(options.pool_max, 0);
    cr_assert_eq(options.decay_ms, 10000);
    cr_assert_not(options.purge_thread);
}

Test(options, every_default_of_the_table_is_a_good_value)
{
#define OPTION(key, kind, fallback, meaning)                                   \
    parse(#key ":" fallback);                                                  \
    assert_silent();
#include "options.def"
#undef OPTION
}

Test(options, several_items_with_blanks_and_empty_ones)
{
    struct options options =
        parse(" report : json ,, live:yes,\tdecay_ms:-1 ,");

    assert_silent();
    cr_assert_eq(options.report, REPORT_JSON);
    cr_assert(options.live);
    cr_assert_eq(options.decay_ms, -1);
}

Test(options, the_last_of_several_wins)
{
    cr_assert_eq(parse("report:json,report:csv").report, REPORT_CSV);
    assert_silent();
}

/* The command's parser takes the same rows: tests/command/test_conf.py. */
Test(options, the_table_that_the_command_reads_as_well)
{
#define CONF_CASE(text, file, percent)                                         \
    cr_expect_str_eq(parse(text).report_file, file, "%s", text);               \
    cr_expect_eq(parse(text).warn_below, percent, "%s", text);
#include "../support/conf_cases.def"
#undef CONF_CASE
}

Test(options, a_text_report_that_is_asked_for_comes_from_every_process)
{
    cr_assert_eq(parse("report:text").report_min_gets, 0);
    cr_assert_eq(parse("report:json").report_min_gets, 4000);
    cr_assert_eq(parse("report:jsno").report_min_gets, 4000);
    cr_assert_eq(parse("report:text,report_min_gets:5").report_min_gets, 5);
    cr_assert_eq(parse("report_min_gets:5,report:text").report_min_gets, 5);
    cr_assert_eq(parse("report_min_gets:-1").report_min_gets, 4000);
}

Test(options, an_unknown_key_is_named_with_the_nearest)
{
    parse("repotr:json");
    assert_complaint("\"repotr\"", "\"report\"", "report:text is used");
    parse("chache_max:1M");
    assert_complaint("\"chache_max\"", "\"cache_max\"", "cache_max:8M is used");
    parse("Live");
    assert_complaint("\"Live\"", "\"live\"", "live:no is used");
}

Test(options, a_bad_value_leaves_the_default)
{
    struct options options = parse("report:jsno,warn_below:50");

    assert_complaint("\"jsno\"", "\"report\"", "report:text is used");
    cr_assert_eq(options.report, REPORT_TEXT);
    cr_assert_eq(options.warn_below, 50, "what is good of the rest counts");
}

static const char *const bad_values[] = {
    "report:",
    "report:JSON",
    "live:maybe",
    "warn_below:101",
    "warn_below:-1",
    "warn_below:9.5",
    "signal:KILL",
    "signal:STOP",
    "signal:SEGV",
    "signal:9",
    "signal:0x10",
    "signal:RTMIN+99",
    "signal:RTMAX+1",
    "warmup:16K",
    "warmup:1K=5",
    "warmup:65K=1",
    "warmup:4K=1+",
    "warmup:4K=-1",
    "zero:on",
    "misuse:ignore",
    "thp:always",
    "cache_max:8X",
    "cache_max:",
    "cache_max:8MB",
    "cache_max:-1",
    "pool_max:9999999999999999999",
    "pool_max:9999999999G",
    "decay_ms:-2",
    "decay_ms:1s",
    "report_labels:job",
    "report_labels:job=web+",
    "report_labels:pool=web",
    "report_labels:job=web\\",
    "openmetrics_detail:sizes",
    "report_file:a%q",
    "report_file:a%",
    "purge_thread:1",
    "cache_max:18446744073709551616",
};

Test(options, bad_values_of_every_kind_get_one_complaint_each)
{
    for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++) {
        parse(bad_values[i]);
        cr_assert_eq(complaint_count, 1, "%s", bad_values[i]);
    }
}

Test(options, sizes_take_suffixes)
{
    cr_assert_eq(parse("cache_max:512").cache_max, 512);
    cr_assert_eq(parse("cache_max:64K").cache_max, 65536);
    cr_assert_eq(parse("cache_max:3m").cache_max, 3u << 20);
    cr_assert_eq(parse("pool_max:2G").pool_max, (uint64_t)2 << 30);
    assert_silent();
}

Test(options, signals_have_names_and_numbers)
{
    cr_assert_eq(parse("signal:USR1").signal, SIGUSR1);
    cr_assert_eq(parse("signal:SIGUSR2").signal, SIGUSR2);
    cr_assert_eq(parse("signal:10").signal, 10);
    cr_assert_eq(parse("signal:RTMIN+3").signal, SIGRTMIN + 3);
    cr_assert_eq(parse("signal:SIGRTMAX-2").signal, SIGRTMAX - 2);
    cr_assert_eq(parse("signal:RTMIN").signal, SIGRTMIN);
    cr_assert_eq(parse("signal:USR1,signal:").signal, 0);
    assert_silent();
}

Test(options, warmup_lists_classes)
{
    struct options options = parse("warmup:16K=1000+65536=100");

    assert_silent();
    cr_assert_eq(options.warmup.steps, 2);
    cr_assert_eq(options.warmup.step[0].bytes, 16384);
    cr_assert_eq(options.warmup.step[0].count, 1000);
    cr_assert_eq(options.warmup.step[1].bytes, 65536);
    cr_assert_eq(options.warmup.step[1].count, 100);
}

Test(options, a_comma_in_a_path_is_escaped)
{
    struct options options = parse("report_file:/a\\,b:c,live:yes");

    assert_silent();
    cr_assert_str_eq(options.report_file, "/a,b:c");
    cr_assert(options.live);
}

Test(options, a_path_too_long_is_a_bad_value)
{
    char conf[700];

    memset(conf, 'x', sizeof conf);
    memcpy(conf, "report_file:", 12);
    conf[sizeof conf - 1] = '\0';
    cr_assert_str_eq(parse(conf).report_file, "");
    cr_assert_eq(complaint_count, 1);
}

Test(options, control_characters_do_not_reach_the_terminal)
{
    parse("re\033[31mport\n:x");
    cr_assert_eq(complaint_count, 1);
    cr_assert_eq(strchr(complaints, '\033'), NULL);
}

Test(options, nobody_has_to_listen)
{
    struct options options;

    options_init(&options);
    options_parse(&options, "nonsense,report:nonsense,live:yes", NULL);
    cr_assert(options.live);
}

Test(options, the_description_parses_to_the_same)
{
    const char *conf = "report:openmetrics,report_file:/x\\,y/%e.%p,"
                       "report_labels:a=b\\,c+d=\\\\e,"
                       "openmetrics_detail:classes,"
                       "report_children:no,report_min_gets:7,warn_below:12,"
                       "live:yes,"
                       "signal:RTMIN+4,warmup:2K=3+64K=1,zero:free,"
                       "misuse:warn,check_fill:yes,thp:dense,cache_max:1000,"
                       "pool_max:3G,decay_ms:0,purge_thread:yes,"
                       "deepbind:keep,sites:64K,sites_max:100,"
                       "sites_all:yes,unwind:fp,"
                       "guard:100";
    struct options first = parse(conf);
    struct options second;
    char text[1024];

    assert_silent();
    cr_assert_eq(options_describe(&first, text, sizeof text), strlen(text));
    cr_assert_str_eq(text, conf);
    second = parse(text);
    assert_silent();
    cr_assert_eq(memcmp(&first, &second, sizeof first), 0);
}

Test(options, guard_takes_a_number_auto_or_off)
{
    cr_assert_eq(parse("guard:1").guard, 1);
    cr_assert_eq(parse("guard:4294967295").guard, UINT32_MAX);
    cr_assert_eq(parse("guard:auto").guard, OPTION_GUARD_AUTO);
    cr_assert_eq(parse("guard:auto,guard:off").guard, 0);
    assert_silent();
    cr_assert_eq(parse("guard:7,guard:0").guard, 7);
    cr_assert_eq(parse("guard:7,guard:4294967296").guard, 7);
    cr_assert_eq(parse("guard:7,guard:1x").guard, 7);
}

/* As long as values get: commas in a path, which print with a backslash. */
Test(options, the_longest_description_has_its_place_in_the_page)
{
    char conf[4096] = "report_file:/";
    struct options options;
    char text[PAGE_CONFIG_BYTES];

    for (int i = 2; i < OPTIONS_PATTERN_BYTES; i++)
        strcat(conf, "\\,");
    strcat(conf, ",warmup:65535=4294967295");
    for (int i = 1; i < OPTIONS_WARMUP_STEPS; i++)
        strcat(conf, "+65535=4294967295");
    strcat(conf, ",report_labels:a=");
    for (int i = 3; i < LABEL_ALL_BYTES; i++)
        strcat(conf, "\\,");
    strcat(conf, ",guard:4294967295");
    options = parse(conf);
    assert_silent();
    cr_assert_lt(options_describe(&options, text, sizeof text),
                 sizeof text - 1);
    cr_assert_neq(strstr(text, ",guard:4294967295"), NULL, "%s", text);
}

Test(options, the_description_is_cut_where_the_room_ends)
{
    struct options options = parse("");
    char text[10];

    memset(text, 'x', sizeof text);
    cr_assert_eq(options_describe(&options, text, sizeof text), 9);
    cr_assert_str_eq(text, "report:te");
}

Test(options, the_reporter_is_passed_on_silently)
{
    cr_assert_eq(parse("report_children:no,reporter:4711").reporter, 4711);
    assert_silent();
}

Test(options, the_pool_gets_its_part)
{
    struct options options = parse("zero:free,check_fill:yes,thp:never,"
                                   "cache_max:1M,pool_max:2M,decay_ms:5");
    struct pool_config config;

    options_pool_config(&options, &config);
    cr_assert(config.zero_on_free);
    cr_assert(config.check_fill);
    cr_assert_eq(config.thp, POOL_THP_NEVER);
    cr_assert_eq(config.cache_max_bytes, 1 << 20);
    cr_assert_eq(config.pool_max_bytes, 2 << 20);
    cr_assert_eq(config.decay_ms, 5);
}
