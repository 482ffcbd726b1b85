/* test_call_stack.c - who called, in whole lines. */
#include <criterion/criterion.h>
#include <string.h>

#include "call_stack.h"

static struct line line;

Test(call_stack, a_frame_that_does_not_fit_is_left_out)
{
    static char before[LINE_BYTES];

    for (size_t length = 1; length < LINE_BYTES; length++) {
        memset(before, 'x', length - 1);
        strcpy(before + length - 1, "\n");
        line_start(&line, before);
        call_stack_add(&line.sink, "by ");
        cr_assert_eq(line.sink.length, strlen(line_string(&line)));
        cr_assert_eq(line.text[line.sink.length - 1], '\n', "after %zu",
                     length);
        if (length == 1)
            cr_assert_eq(strncmp(line.text, "\nby /", 5), 0);
    }
}
