/*
 * terminal.h - colours and characters that the reader's terminal can show.
 */
#ifndef MIDPOOL_STATS_TERMINAL_H
#define MIDPOOL_STATS_TERMINAL_H

#include <stdbool.h>

/* The environment's variables of these names; NULL counts as empty. */
struct terminal_variables {
    const char *lc_all;
    const char *lc_ctype;
    const char *lang;
    const char *term;
    const char *no_color;
};

/* True if the locale, chosen as setlocale does, uses UTF-8. */
bool terminal_is_utf8(const struct terminal_variables *variables);

/* True if the output should have colours, provided it is a terminal. */
bool terminal_takes_colour(const struct terminal_variables *variables);

#endif
