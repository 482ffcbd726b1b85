/* line.c - see line.h. */
#include "line.h"

#include <string.h>

#include "sink.h"

void
line_start(struct line *line, const char *text)
{
    line->length = 0;
    line->text[0] = '\0';
    line_add(line, text);
}

void
line_add(struct line *line, const char *text)
{
    line_add_bytes(line, text, strlen(text));
}

void
line_add_bytes(struct line *line, const char *text, size_t length)
{
    size_t room = sizeof line->text - 1 - line->length;

    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    line->text[line->length] = '\0';
}

void
line_add_printable(struct line *line, const char *text, size_t length)
{
    char *added = line->text + line->length;
    struct sink sink;

    line_add_bytes(line, text, length);
    /* In place: the result is never longer. */
    sink_init(&sink, added, line->length - (size_t)(added - line->text));
    sink_printable(&sink, added);
    line->length = (size_t)(added - line->text) + sink.length;
    line->text[line->length] = '\0';
}

/* Numbers are written by the sink that reports use. */
enum { DIGITS = 24 };

void
line_add_unsigned(struct line *line, uint64_t number)
{
    char digits[DIGITS];
    struct sink sink;

    sink_init(&sink, digits, sizeof digits);
    sink_decimal(&sink, number);
    line_add_bytes(line, digits, sink.length);
}

void
line_add_signed(struct line *line, int64_t number)
{
    char digits[DIGITS];
    struct sink sink;

    sink_init(&sink, digits, sizeof digits);
    sink_signed(&sink, number);
    line_add_bytes(line, digits, sink.length);
}

void
line_add_hex(struct line *line, uint64_t number)
{
    char digits[DIGITS];
    struct sink sink;

    sink_init(&sink, digits, sizeof digits);
    sink_hex(&sink, number);
    line_add(line, "0x");
    line_add_bytes(line, digits, sink.length);
}

void
line_add_size(struct line *line, uint64_t bytes)
{
    static const char suffix[][2] = {"", "K", "M", "G"};
    unsigned power = 0;

    while (power < 3 && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        power++;
    }
    line_add_unsigned(line, bytes);
    line_add(line, suffix[power]);
}
