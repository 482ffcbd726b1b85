/*
 * text.c - lines of the text report.
 */
#include "text.h"

#include <string.h>

enum { WIDTH_MIN = 80, WIDTH_MAX = 200 };

void
text_init(struct text *text, struct sink *sink,
          const struct report_style *style)
{
    unsigned width = style->width;
    text->sink = sink;
    text->style = style;
    text->width = width < WIDTH_MIN   ? WIDTH_MIN
                  : width > WIDTH_MAX ? WIDTH_MAX
                                      : width;
}

void
text_colour(const struct text *text, enum text_colour colour)
{
    /* Readable on dark and on light: no yellow, no white, no black. */
    static const char *const codes[] = {
        [TEXT_PLAIN] = "\033[0m",    [TEXT_BOLD] = "\033[1m",
        [TEXT_ALARM] = "\033[1;31m", [TEXT_CACHE] = "\033[32m",
        [TEXT_DEPOT] = "\033[36m",   [TEXT_MISS] = "\033[35m",
    };
    if (text->style->colour)
        sink_text(text->sink, codes[colour]);
}

struct sink *
text_words(struct text *text)
{
    sink_init(&text->line, text->words, sizeof(text->words) - 1);
    return &text->line;
}

/*
 * True if the word ends at c. A unit stays with its number: no line ends
 * between a digit and a percent sign or capital letter.
 */
static bool
word_ends(const char *c)
{
    if (c[0] != ' ')
        return c[0] == '\0';
    bool unit = c[1] == '%' || (c[1] >= 'A' && c[1] <= 'Z');
    return !(unit && c[-1] >= '0' && c[-1] <= '9');
}

/* Columns of the word at c, which is no space. */
static unsigned
word_columns(const char *c)
{
    unsigned columns = 0;
    for (; !word_ends(c); c++)
        columns += ((unsigned char)*c & 0xc0) != 0x80;
    return columns;
}

static void
start_line(const struct text *text)
{
    sink_char(text->sink, '\n');
    sink_repeat(text->sink, ' ', TEXT_LABEL_COLUMNS);
}

/* Writes the word at *c, broken where no line could hold it; moves *c. */
static unsigned
write_word(const struct text *text, const char **c, unsigned column)
{
    for (; !word_ends(*c); (*c)++) {
        bool starts = ((unsigned char)**c & 0xc0) != 0x80;
        if (starts && column == text->width) {
            start_line(text);
            column = TEXT_LABEL_COLUMNS;
        }
        column += starts;
        sink_char(text->sink, **c);
    }
    return column;
}

static void
wrap(const struct text *text, const char *c)
{
    unsigned column = TEXT_LABEL_COLUMNS;
    while (*c == ' ')
        c++;
    while (*c != '\0') {
        bool first = column == TEXT_LABEL_COLUMNS;
        if (!first && column + 1 + word_columns(c) > text->width) {
            start_line(text);
            column = TEXT_LABEL_COLUMNS;
        } else if (!first) {
            sink_char(text->sink, ' ');
            column++;
        }
        column = write_word(text, &c, column);
        while (*c == ' ')
            c++;
    }
    sink_char(text->sink, '\n');
}

void
text_flush(struct text *text, const char *label, enum text_colour colour)
{
    text->words[text->line.length] = '\0';
    if (colour != TEXT_PLAIN)
        text_colour(text, colour);
    sink_text(text->sink, label);
    if (colour != TEXT_PLAIN)
        text_colour(text, TEXT_PLAIN);
    size_t columns = strlen(label);
    if (columns < TEXT_LABEL_COLUMNS)
        sink_repeat(text->sink, ' ', TEXT_LABEL_COLUMNS - columns);
    wrap(text, text->words);
}

void
text_cut(struct sink *sink, unsigned lines)
{
    for (size_t i = 0; i < sink->length; i++) {
        if (sink->buf[i] == '\n' && --lines == 0)
            sink->length = i + 1;
    }
}
