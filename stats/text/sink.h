/*
 * sink.h - writes text into a caller's buffer.
 *
 * Purpose   Replaces printf without stdio, locale, allocation or floating
 *           point, so that it is usable at exit and in signal handlers.
 * Model     Bytes go into a buffer of fixed size. Text that does not fit is
 *           dropped, and the sink remembers that; sink_finish then cuts back to
 *           the last whole line, so that a short buffer gives a short report,
 *           never a broken line.
 * Ownership The buffer is the caller's.
 */
#ifndef MIDPOOL_STATS_SINK_H
#define MIDPOOL_STATS_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sink {
    char *buf;
    size_t size;
    size_t length; /* <= size */
    bool full;     /* something was dropped; nothing is written any more */
};

void sink_init(struct sink *sink, char *buf, size_t size);

/*
 * Returns the length of the text, cut at the last whole line if not all of it
 * fitted.
 */
size_t sink_finish(struct sink *sink);

void sink_char(struct sink *sink, char c);
void sink_bytes(struct sink *sink, const char *bytes, size_t count);
void sink_text(struct sink *sink, const char *text);
void sink_repeat(struct sink *sink, char c, size_t count);

void sink_decimal(struct sink *sink, uint64_t value);
void sink_signed(struct sink *sink, int64_t value);
void sink_hex(struct sink *sink, uint64_t value);
void sink_address(struct sink *sink, uint64_t value); /* hex behind 0x */

/* With thousands separators: 1,234,567. */
void sink_grouped(struct sink *sink, uint64_t value);

/* Grouped up to ten digits, then "12.3 G": never more than 13 columns. */
void sink_count(struct sink *sink, uint64_t value);

/*
 * part / whole with digits (at most 9) decimals. Rounded to the nearest, but
 * only a part of nothing shows as 0 and only the whole as 1: 999,999 of a
 * million never reads as all of it. Requires part <= whole, whole > 0.
 */
void sink_fraction(struct sink *sink, uint64_t part, uint64_t whole,
                   unsigned digits);

/* The same times hundred, without a sign: "98.7". */
void sink_percent(struct sink *sink, uint64_t part, uint64_t whole,
                  unsigned digits);

/* Three significant digits in powers of 1024: "512 B", "12.3 MB". */
void sink_size(struct sink *sink, uint64_t bytes);

/* Fit for people: "850 us", "2.31 s", "4 min 10 s", "3 h 5 min". */
void sink_duration(struct sink *sink, uint64_t ns);

/* A JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD. */
void sink_json_string(struct sink *sink, const char *text);

/*
 * The text on one line: control characters, also those of Latin-1, and bytes
 * that are not UTF-8 become '?'.
 */
void sink_printable(struct sink *sink, const char *text);
void sink_printable_bytes(struct sink *sink, const char *text, size_t count);

/* At most columns of well-formed UTF-8 text, then "..." if there is more. */
void sink_columns(struct sink *sink, const char *text, size_t length,
                  size_t columns);

/*
 * Pads the text written since offset start to width columns; UTF-8 continuation
 * bytes take none.
 */
void sink_pad_left(struct sink *sink, size_t start, size_t width);
void sink_pad_right(struct sink *sink, size_t start, size_t width);

/*
 * A sink with its own buffer, for a message or name that the caller puts
 * together: what does not fit is cut.
 */
enum { LINE_BYTES = 2048 };

struct line {
    struct sink sink;
    char text[LINE_BYTES];
};

/* Starts the line with text. Returns its sink. */
struct sink *line_start(struct line *line, const char *text);

/* The text so far, ended by a NUL; more may follow. */
const char *line_string(struct line *line);

#endif
