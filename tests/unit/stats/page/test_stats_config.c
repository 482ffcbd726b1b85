/*
 * test_stats_config.c - reading back the effective options.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "config.h"

static void
expect_item(const char **text, const char *key, const char *value)
{
    struct config_item item;
    cr_assert(config_next(text, &item));
    cr_expect(eq(str, item.key, (char *)key));
    cr_expect(eq(str, item.value, (char *)value));
}

Test(stats_config, items_are_split_at_commas_and_the_first_colon)
{
    struct config_item item;
    const char *text = "report:json,report_file:,warmup:16K=1+8K=2,a:b:c";
    expect_item(&text, "report", "json");
    expect_item(&text, "report_file", "");
    expect_item(&text, "warmup", "16K=1+8K=2");
    expect_item(&text, "a", "b:c");
    cr_expect(not(config_next(&text, &item)));
}

Test(stats_config, an_escaped_comma_belongs_to_the_value)
{
    const char *text = "report_file:/a\\,b,live:no";
    expect_item(&text, "report_file", "/a,b");
    expect_item(&text, "live", "no");
}

Test(stats_config, a_key_without_colon_has_an_empty_value)
{
    const char *text = "odd,live:no";
    expect_item(&text, "odd", "");
    expect_item(&text, "live", "no");
}

Test(stats_config, what_is_too_long_is_cut)
{
    char text[2000];
    const char *at = text;
    struct config_item item;
    memset(text, 'x', sizeof(text));
    text[1000] = ':';
    text[sizeof(text) - 1] = '\0';
    cr_assert(config_next(&at, &item));
    cr_expect(eq(sz, strlen(item.key), CONFIG_KEY_BYTES - 1));
    cr_expect(eq(sz, strlen(item.value), CONFIG_VALUE_BYTES - 1));
    cr_expect(not(config_next(&at, &item)));
}

Test(stats_config, only_plain_whole_numbers_are_numbers)
{
    static const char *const numbers[] = {"0", "95", "-1", "999999999999999"};
    static const char *const texts[] = {
        "", "-", "8M", "1.5", "007", "-0", "1000000000000000", "1 "};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        cr_expect(config_is_number(numbers[i]), "%s", numbers[i]);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect(not(config_is_number(texts[i])), "%s", texts[i]);
}
