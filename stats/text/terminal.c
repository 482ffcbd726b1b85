/*
 * terminal.c - colours and characters that the reader's terminal can show.
 */
#include "terminal.h"

#include <stddef.h>
#include <string.h>

static bool
is_set(const char *value)
{
    return value && value[0] != '\0';
}

/* ".UTF-8", ".utf8" and the like, without strcasecmp's locale. */
static bool
names_utf8(const char *locale)
{
    const char *charset = strchr(locale, '.');
    if (!charset || (charset[1] | 0x20) != 'u' || (charset[2] | 0x20) != 't' ||
        (charset[3] | 0x20) != 'f')
        return false;
    charset += charset[4] == '-' ? 5 : 4;
    return *charset == '8';
}

bool
terminal_is_utf8(const struct terminal_variables *variables)
{
    const char *const locales[] = {variables->lc_all, variables->lc_ctype,
                                   variables->lang};
    for (size_t i = 0; i < sizeof(locales) / sizeof(locales[0]); i++)
        if (is_set(locales[i]))
            return names_utf8(locales[i]);
    return false;
}

bool
terminal_takes_colour(const struct terminal_variables *variables)
{
    return !is_set(variables->no_color) && is_set(variables->term) &&
           strcmp(variables->term, "dumb") != 0;
}
