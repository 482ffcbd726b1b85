/*
 * config.c - reads the effective options that a page carries as text.
 */
#include "config.h"

enum { EXACT_DIGITS = 15 /* below 2^53 */ };

static void
append(char *field, size_t size, size_t *length, char c)
{
    if (*length + 1 < size)
        field[(*length)++] = c;
}

bool
config_next(const char **text, struct config_item *item)
{
    const char *c = *text;
    size_t key = 0;
    size_t value = 0;
    if (*c == '\0')
        return false;
    for (; *c != '\0' && *c != ',' && *c != ':'; c++)
        append(item->key, sizeof(item->key), &key, *c);
    if (*c == ':')
        c++;
    for (; *c != '\0' && *c != ','; c++) {
        if (c[0] == '\\' && c[1] == ',')
            c++;
        append(item->value, sizeof(item->value), &value, *c);
    }
    item->key[key] = '\0';
    item->value[value] = '\0';
    *text = *c == ',' ? c + 1 : c;
    return true;
}

bool
config_is_number(const char *value)
{
    const char *digits = value[0] == '-' ? value + 1 : value;
    size_t count = 0;
    while (digits[count] >= '0' && digits[count] <= '9')
        count++;
    bool leading_zero = digits[0] == '0' && (count > 1 || digits != value);
    return count > 0 && count <= EXACT_DIGITS && digits[count] == '\0' &&
           !leading_zero;
}
