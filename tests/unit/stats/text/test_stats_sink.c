/*
 * test_stats_sink.c - numbers, strings and the end of the buffer.
 */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdint.h>
#include <string.h>

#include "sink.h"
#include "utf8.h"

static char buf[512];
static struct sink sink;

static void
start(void)
{
    memset(buf, 0, sizeof(buf));
    sink_init(&sink, buf, sizeof(buf) - 1);
}

/* The text that was written since start(). */
static char *
written(void)
{
    buf[sink.length] = '\0';
    return buf;
}

TestSuite(stats_sink, .init = start);

#define WRITES(call, expected)                                                 \
    do {                                                                       \
        start();                                                               \
        call;                                                                  \
        cr_expect(eq(str, written(), expected));                               \
    } while (0)

Test(stats_sink, numbers_are_written_in_decimal_and_hex)
{
    WRITES(sink_decimal(&sink, 0), "0");
    WRITES(sink_decimal(&sink, 1234567), "1234567");
    WRITES(sink_decimal(&sink, UINT64_MAX), "18446744073709551615");
    WRITES(sink_signed(&sink, -1), "-1");
    WRITES(sink_signed(&sink, INT64_MIN), "-9223372036854775808");
    WRITES(sink_signed(&sink, INT64_MAX), "9223372036854775807");
    WRITES(sink_hex(&sink, 0), "0");
    WRITES(sink_hex(&sink, 0xdeadbeef), "deadbeef");
    WRITES(sink_hex(&sink, UINT64_MAX), "ffffffffffffffff");
}

Test(stats_sink, thousands_are_separated)
{
    WRITES(sink_grouped(&sink, 999), "999");
    WRITES(sink_grouped(&sink, 1000), "1,000");
    WRITES(sink_grouped(&sink, 1234567), "1,234,567");
    WRITES(sink_count(&sink, 9999999999), "9,999,999,999");
    WRITES(sink_count(&sink, 10000000000), "10 G");
    WRITES(sink_count(&sink, 12345678901), "12.3 G");
    WRITES(sink_count(&sink, 999999999999), "999 G");
    WRITES(sink_count(&sink, 1000000000000), "1 T");
    WRITES(sink_count(&sink, UINT64_MAX), "18.4 E");
}

Test(stats_sink, percentages_round_to_the_nearest)
{
    WRITES(sink_percent(&sink, 1, 3, 1), "33.3");
    WRITES(sink_percent(&sink, 2, 3, 1), "66.7");
    WRITES(sink_percent(&sink, 1, 2, 0), "50");
    WRITES(sink_percent(&sink, 1, 1, 1), "100.0");
    WRITES(sink_percent(&sink, 0, 7, 2), "0.00");
    WRITES(sink_fraction(&sink, 1, 4, 6), "0.250000");
    WRITES(sink_fraction(&sink, 3, 3, 6), "1.000000");
}

Test(stats_sink, nearly_all_is_never_shown_as_all_nor_a_little_as_nothing)
{
    WRITES(sink_percent(&sink, 999999, 1000000, 1), "99.9");
    WRITES(sink_percent(&sink, 1, 1000000, 1), "0.1");
    WRITES(sink_fraction(&sink, UINT64_MAX - 1, UINT64_MAX, 6), "0.999999");
    WRITES(sink_percent(&sink, UINT64_MAX, UINT64_MAX, 9), "100.000000000");
}

Test(stats_sink, sizes_have_three_digits)
{
    WRITES(sink_size(&sink, 0), "0 B");
    WRITES(sink_size(&sink, 1023), "1023 B");
    WRITES(sink_size(&sink, 1024), "1 KB");
    WRITES(sink_size(&sink, 2560), "2.5 KB");
    WRITES(sink_size(&sink, 65536), "64 KB");
    WRITES(sink_size(&sink, 12902400), "12.3 MB");
    WRITES(sink_size(&sink, 1023 * 1024), "1023 KB");
    WRITES(sink_size(&sink, (uint64_t)1 << 40), "1 TB");
    WRITES(sink_size(&sink, UINT64_MAX), "15.9 EB");
}

Test(stats_sink, durations_suit_their_length)
{
    WRITES(sink_duration(&sink, 0), "0 us");
    WRITES(sink_duration(&sink, 999999), "999 us");
    WRITES(sink_duration(&sink, 1500000), "1.5 ms");
    WRITES(sink_duration(&sink, 2310000000), "2.31 s");
    WRITES(sink_duration(&sink, 119900000000), "119 s");
    WRITES(sink_duration(&sink, 250000000000), "4 min 10 s");
    WRITES(sink_duration(&sink, 11100000000000), "3 h 5 min");
    WRITES(sink_duration(&sink, UINT64_MAX), "5,124,095 h 34 min");
}

Test(stats_sink, json_strings_are_escaped)
{
    WRITES(sink_json_string(&sink, ""), "\"\"");
    WRITES(sink_json_string(&sink, "a\"b\\c"), "\"a\\\"b\\\\c\"");
    WRITES(sink_json_string(&sink, "\n\t\x01\x1f\x7f"),
           "\"\\n\\t\\u0001\\u001f\\u007f\"");
    WRITES(sink_json_string(&sink, "gr\xc3\xbc\xc3\x9f"),
           "\"gr\xc3\xbc\xc3\x9f\"");
}

Test(stats_sink, what_is_not_utf8_becomes_the_replacement_character)
{
    WRITES(sink_json_string(&sink, "a\xff"), "\"a\\ufffd\"");
    WRITES(sink_json_string(&sink, "\xc3"), "\"\\ufffd\"");
    WRITES(sink_json_string(&sink, "\xc0\xaf"), "\"\\ufffd\\ufffd\"");
    WRITES(sink_json_string(&sink, "\xed\xa0\x80"),
           "\"\\ufffd\\ufffd\\ufffd\"");
    WRITES(sink_json_string(&sink, "\xf4\x90\x80\x80"),
           "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    WRITES(sink_json_string(&sink, "\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
}

Test(stats_sink, printable_text_can_not_drive_a_terminal)
{
    WRITES(sink_printable(&sink, "a\033[31mb"), "a?[31mb");
    WRITES(sink_printable(&sink, "\xc2\x9b"
                                 "31m"),
           "?31m");
    WRITES(sink_printable(&sink, "a\nb\xff"), "a?b?");
    WRITES(sink_printable_bytes(&sink, "a\xc3\xa9", 2), "a?");
    WRITES(sink_printable_bytes(&sink, "a\xc3\xa9 b", 4), "a\xc3\xa9 ");
}

Test(stats_sink, lines_have_their_own_buffer_and_are_cut)
{
    static struct line line;

    line_start(&line, "from ");
    sink_address(&line.sink, 0xdeadbeef);
    cr_assert_str_eq(line_string(&line), "from 0xdeadbeef");
    for (int i = 0; i < LINE_BYTES; i++)
        sink_text(&line.sink, "0123456789");
    cr_assert_eq(strlen(line_string(&line)), LINE_BYTES - 1);
    line_start(&line, "anew");
    cr_assert_str_eq(line_string(&line), "anew");
}

Test(stats_sink, columns_are_counted_in_characters)
{
    WRITES(sink_columns(&sink, "abc", 3, 3), "abc");
    WRITES(sink_columns(&sink, "abcd", 4, 3), "abc...");
    WRITES(sink_columns(&sink, "\xc3\xbc\xc3\xbc", 4, 1), "\xc3\xbc...");
    WRITES((sink_text(&sink, "\xc3\xbc"), sink_pad_right(&sink, 0, 3)),
           "\xc3\xbc  ");
    WRITES((sink_text(&sink, "|12"), sink_pad_left(&sink, 1, 4)), "|  12");
    WRITES((sink_text(&sink, "12345"), sink_pad_left(&sink, 0, 4)), "12345");
}

Test(stats_sink, a_full_buffer_is_cut_at_the_last_whole_line)
{
    sink_init(&sink, buf, 10);
    sink_text(&sink, "one\ntwo\nthree\n");
    cr_expect(eq(sz, sink_finish(&sink), 8));
    cr_expect(eq(str, written(), "one\ntwo\n"));
}

Test(stats_sink, nothing_is_written_once_something_was_dropped)
{
    sink_init(&sink, buf, 4);
    sink_text(&sink, "abcde");
    sink_text(&sink, "\n");
    cr_expect(eq(sz, sink_finish(&sink), 0));
    cr_expect(eq(chr, buf[4], '\0'));
}

Test(stats_sink, a_buffer_that_fits_exactly_is_whole)
{
    sink_init(&sink, buf, 4);
    sink_text(&sink, "abc\n");
    cr_expect(eq(sz, sink_finish(&sink), 4));
}

Test(stats_sink, a_sequence_cut_short_is_found)
{
    cr_expect(eq(sz, utf8_whole("ab", 2), 2));
    cr_expect(eq(sz, utf8_whole("a\xc3", 2), 1));
    cr_expect(eq(sz, utf8_whole("a\xc3\xbc", 3), 3));
    cr_expect(eq(sz, utf8_whole("\xf0\x9f\x98", 3), 0));
    cr_expect(eq(sz, utf8_whole("", 0), 0));
}
