/* test_line.c - lines put together without stdio. */
#include <criterion/criterion.h>
#include <string.h>

#include "line.h"

static struct line line;

Test(line, numbers)
{
    line_start(&line, "");
    line_add_unsigned(&line, UINT64_MAX);
    line_add(&line, " ");
    line_add_signed(&line, INT64_MIN);
    line_add(&line, " ");
    line_add_hex(&line, 0xdeadbeef);
    line_add(&line, " ");
    line_add_unsigned(&line, 0);
    cr_assert_str_eq(line.text, "18446744073709551615 -9223372036854775808"
                                " 0xdeadbeef 0");
    cr_assert_eq(line.length, strlen(line.text));
}

Test(line, sizes_have_the_largest_exact_suffix)
{
    line_start(&line, "");
    line_add_size(&line, 8 << 20);
    line_add(&line, " ");
    line_add_size(&line, 1025);
    line_add(&line, " ");
    line_add_size(&line, 0);
    line_add(&line, " ");
    line_add_size(&line, (uint64_t)2048 << 30);
    cr_assert_str_eq(line.text, "8M 1025 0 2048G");
}

Test(line, what_upsets_a_terminal_is_replaced)
{
    line_start(&line, "");
    line_add_printable(&line, "a\033\n\177b", 5);
    cr_assert_str_eq(line.text, "a???b");
    line_start(&line, "<");
    line_add_printable(&line, "\303\251 \233 \302\233 \303", 9);
    cr_assert_str_eq(line.text, "<\303\251 ? ? ?");
    cr_assert_eq(line.length, strlen(line.text));
}

Test(line, what_does_not_fit_is_cut)
{
    line_start(&line, "");
    for (int i = 0; i < LINE_BYTES; i++)
        line_add(&line, "0123456789");
    cr_assert_eq(line.length, LINE_BYTES - 1);
    cr_assert_eq(line.text[LINE_BYTES - 1], '\0');
}
