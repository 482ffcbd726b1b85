/* pattern.c - see pattern.h. */
#include "pattern.h"

#include <errno.h>
#include <string.h>

#include "path_name.h"
#include "sink.h"

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

bool
pattern_is_per_process(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text != '%')
            continue;
        text++; /* "%%" is no beginning of a pattern */
        if (*text == '\0')
            return false;
        if (*text == 'p' || *text == 't')
            return true;
    }
    return false;
}

static void
add_name(struct sink *out, const char *name)
{
    if (*name == '\0')
        name = "unknown"; /* a path that was cut */
    for (; *name != '\0'; name++)
        sink_char(out, *name == '/' ? '_' : *name);
}

static void
add_value(struct sink *out, char letter, const struct pattern_values *values)
{
    switch (letter) {
    case 'p':
        sink_signed(out, values->pid);
        break;
    case 'P':
        sink_signed(out, values->parent);
        break;
    case 'e':
        add_name(out, path_name(values->executable));
        break;
    case 'h':
        add_name(out, values->host);
        break;
    case 't':
        sink_signed(out, values->start_seconds);
        break;
    case 'n':
        sink_decimal(out, values->number);
        break;
    default:
        sink_char(out, '%');
        break;
    }
}

int
pattern_expand(const char *text, const char *directory,
               const struct pattern_values *values, char *out, size_t size)
{
    struct sink path;

    if (!pattern_is_valid(text))
        return EINVAL;
    if (*text != '/' && *directory != '/')
        return ENOENT;
    sink_init(&path, out, size);
    if (*text != '/') {
        sink_text(&path, directory);
        sink_char(&path, '/');
    }
    for (; *text != '\0'; text++) {
        if (*text == '%')
            add_value(&path, *++text, values);
        else
            sink_char(&path, *text);
    }
    sink_char(&path, '\0');
    return path.full ? ENAMETOOLONG : 0;
}
