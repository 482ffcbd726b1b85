/* line.c - see line.h. */
#include "line.h"

#include <string.h>

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
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];

        line_add_bytes(line, byte < 32 || byte == 127 ? "?" : text + i, 1);
    }
}

static void
add_in_base(struct line *line, uint64_t number, unsigned base)
{
    char digits[24];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    line_add_bytes(line, digits + at, sizeof digits - at);
}

void
line_add_unsigned(struct line *line, uint64_t number)
{
    add_in_base(line, number, 10);
}

void
line_add_signed(struct line *line, int64_t number)
{
    if (number < 0)
        line_add(line, "-");
    add_in_base(line, number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
}

void
line_add_hex(struct line *line, uint64_t number)
{
    line_add(line, "0x");
    add_in_base(line, number, 16);
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
