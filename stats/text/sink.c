/*
 * sink.c - the raw writers of sink.h: bytes, numbers, padding.
 */
#include "sink.h"

#include <string.h>

enum { DIGITS_MAX = 20 /* of 2^64-1 */, FRACTION_DIGITS_MAX = 9 };

void
sink_init(struct sink *sink, char *buf, size_t size)
{
    *sink = (struct sink){.buf = buf, .size = size};
}

struct sink *
line_start(struct line *line, const char *text)
{
    sink_init(&line->sink, line->text, sizeof line->text - 1);
    sink_text(&line->sink, text);
    return &line->sink;
}

const char *
line_string(struct line *line)
{
    line->text[line->sink.length] = '\0';
    return line->text;
}

size_t
sink_finish(struct sink *sink)
{
    if (sink->full) {
        while (sink->length > 0 && sink->buf[sink->length - 1] != '\n')
            sink->length--;
    }
    return sink->length;
}

void
sink_char(struct sink *sink, char c)
{
    if (sink->length == sink->size)
        sink->full = true;
    if (!sink->full)
        sink->buf[sink->length++] = c;
}

void
sink_bytes(struct sink *sink, const char *bytes, size_t count)
{
    if (!sink->full && count <= sink->size - sink->length) {
        memcpy(sink->buf + sink->length, bytes, count);
        sink->length += count;
        return;
    }
    for (size_t i = 0; i < count; i++)
        sink_char(sink, bytes[i]);
}

void
sink_text(struct sink *sink, const char *text)
{
    sink_bytes(sink, text, strlen(text));
}

void
sink_repeat(struct sink *sink, char c, size_t count)
{
    for (; count > 0; count--)
        sink_char(sink, c);
}

/* The digits of value in base, most significant first; returns how many. */
static unsigned
digits_of(char digits[DIGITS_MAX], uint64_t value, unsigned base)
{
    char reversed[DIGITS_MAX];
    unsigned count = 0;
    do {
        reversed[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0);
    for (unsigned i = 0; i < count; i++)
        digits[i] = reversed[count - 1 - i];
    return count;
}

void
sink_decimal(struct sink *sink, uint64_t value)
{
    char digits[DIGITS_MAX];
    sink_bytes(sink, digits, digits_of(digits, value, 10));
}

void
sink_signed(struct sink *sink, int64_t value)
{
    if (value < 0)
        sink_char(sink, '-');
    uint64_t magnitude = (uint64_t)value;
    sink_decimal(sink, value < 0 ? 0 - magnitude : magnitude);
}

void
sink_hex(struct sink *sink, uint64_t value)
{
    char digits[DIGITS_MAX];
    sink_bytes(sink, digits, digits_of(digits, value, 16));
}

void
sink_address(struct sink *sink, uint64_t value)
{
    sink_text(sink, "0x");
    sink_hex(sink, value);
}

void
sink_grouped(struct sink *sink, uint64_t value)
{
    char digits[DIGITS_MAX];
    unsigned count = digits_of(digits, value, 10);
    for (unsigned i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            sink_char(sink, ',');
        sink_char(sink, digits[i]);
    }
}

static uint64_t
power_of_ten(unsigned exponent)
{
    uint64_t power = 1;
    for (; exponent > 0; exponent--)
        power *= 10;
    return power;
}

/*
 * part of whole in units of 1 / scale; see sink_fraction for the rounding. If
 * whole is 0, the result is 0: a page of another process may be inconsistent.
 */
static uint64_t
scaled_part(uint64_t part, uint64_t whole, uint64_t scale)
{
    if (whole == 0)
        return 0;
    __uint128_t exact = (__uint128_t)part * scale;
    uint64_t rounded = (uint64_t)((exact + whole / 2) / whole);
    if (rounded == 0 && part > 0)
        return 1;
    if (rounded >= scale && part < whole)
        return scale - 1;
    return rounded;
}

/* value / 10^digits as a decimal fraction. */
static void
fixed_point(struct sink *sink, uint64_t value, unsigned digits)
{
    uint64_t unit = power_of_ten(digits);
    sink_decimal(sink, value / unit);
    if (digits == 0)
        return;
    sink_char(sink, '.');
    uint64_t rest = value % unit;
    for (unit /= 10; unit > 0; unit /= 10)
        sink_char(sink, (char)('0' + rest / unit % 10));
}

void
sink_fraction(struct sink *sink, uint64_t part, uint64_t whole, unsigned digits)
{
    digits = digits < FRACTION_DIGITS_MAX ? digits : FRACTION_DIGITS_MAX;
    fixed_point(sink, scaled_part(part, whole, power_of_ten(digits)), digits);
}

void
sink_percent(struct sink *sink, uint64_t part, uint64_t whole, unsigned digits)
{
    digits = digits < FRACTION_DIGITS_MAX ? digits : FRACTION_DIGITS_MAX;
    uint64_t scale = 100 * power_of_ten(digits);
    fixed_point(sink, scaled_part(part, whole, scale), digits);
}

/* The columns of the text written since start. */
static size_t
columns_since(const struct sink *sink, size_t start)
{
    size_t columns = 0;
    for (size_t i = start; i < sink->length; i++)
        columns += ((unsigned char)sink->buf[i] & 0xc0) != 0x80;
    return columns;
}

void
sink_pad_right(struct sink *sink, size_t start, size_t width)
{
    size_t columns = columns_since(sink, start);
    if (columns < width)
        sink_repeat(sink, ' ', width - columns);
}

void
sink_pad_left(struct sink *sink, size_t start, size_t width)
{
    size_t end = sink->length;
    sink_pad_right(sink, start, width);
    size_t shift = sink->length - end;
    if (sink->full || shift == 0)
        return;
    for (size_t i = end; i > start; i--)
        sink->buf[i - 1 + shift] = sink->buf[i - 1];
    for (size_t i = 0; i < shift; i++)
        sink->buf[start + i] = ' ';
}
