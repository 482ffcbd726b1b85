/* pattern.c - see pattern.h. */
#include "pattern.h"

#include <string.h>

#include "line.h"

bool
pattern_is_valid(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text != '%')
            continue;
        text++;
        if (*text == '\0' || strchr("pPehtn%", *text) == NULL)
            return false;
    }
    return true;
}

static const char *
last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static void
add_name(struct line *out, const char *name)
{
    for (; *name != '\0'; name++)
        line_add_bytes(out, *name == '/' ? "_" : name, 1);
}

static void
add_value(struct line *out, char letter, const struct pattern_values *values)
{
    switch (letter) {
    case 'p':
        line_add_signed(out, values->pid);
        break;
    case 'P':
        line_add_signed(out, values->parent);
        break;
    case 'e':
        add_name(out, last_part(values->executable));
        break;
    case 'h':
        add_name(out, values->host);
        break;
    case 't':
        line_add_signed(out, values->start_seconds);
        break;
    case 'n':
        line_add_unsigned(out, values->number);
        break;
    default:
        line_add(out, "%");
        break;
    }
}

bool
pattern_expand(const char *text, const char *directory,
               const struct pattern_values *values, char *out, size_t size)
{
    struct line path;

    if (!pattern_is_valid(text))
        return false;
    line_start(&path, "");
    if (*text != '/') {
        line_add(&path, directory);
        line_add(&path, "/");
    }
    for (; *text != '\0'; text++) {
        if (*text == '%')
            add_value(&path, *++text, values);
        else
            line_add_bytes(&path, text, 1);
    }
    if (path.length >= size || path.length == sizeof path.text - 1)
        return false;
    memcpy(out, path.text, path.length + 1);
    return true;
}
