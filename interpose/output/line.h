/*
 * line.h - one line of text in a fixed buffer.
 *
 * For messages and names that are put together where malloc, stdio and
 * locales are out of bounds. Text that does not fit is cut; the text always
 * ends in a NUL. The caller owns the struct; no function fails.
 */
#ifndef MIDPOOL_INTERPOSE_LINE_H
#define MIDPOOL_INTERPOSE_LINE_H

#include <stddef.h>
#include <stdint.h>

enum { LINE_BYTES = 2048 };

struct line {
    size_t length; /* without the NUL */
    char text[LINE_BYTES];
};

void line_start(struct line *line, const char *text);
void line_add(struct line *line, const char *text);
void line_add_bytes(struct line *line, const char *text, size_t length);

/*
 * As line_add_bytes, with '?' for bytes that could upset a terminal: control
 * characters, also those of Latin-1, and bytes that are not UTF-8.
 */
void line_add_printable(struct line *line, const char *text, size_t length);

void line_add_unsigned(struct line *line, uint64_t number);
void line_add_signed(struct line *line, int64_t number);
void line_add_hex(struct line *line, uint64_t number); /* with 0x */

/* Bytes with the largest of the suffixes K, M, G that is exact. */
void line_add_size(struct line *line, uint64_t bytes);

#endif
