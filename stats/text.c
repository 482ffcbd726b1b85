/*
 * text.c - lines of the text report.
 */
#include "text.h"

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

/* Columns of the word at c, up to a space or the end. */
static unsigned
word_columns(const char *c)
{
    unsigned columns = 0;
    for (; *c != '\0' && *c != ' '; c++)
        columns += ((unsigned char)*c & 0xc0) != 0x80;
    return columns;
}

static void
wrap(const struct text *text, const char *c)
{
    unsigned column = TEXT_LABEL_COLUMNS;
    while (*c != '\0') {
        unsigned columns = word_columns(c);
        bool first = column == TEXT_LABEL_COLUMNS;
        if (!first && column + 1 + columns > text->width) {
            sink_char(text->sink, '\n');
            sink_repeat(text->sink, ' ', TEXT_LABEL_COLUMNS);
            column = TEXT_LABEL_COLUMNS;
        } else if (!first) {
            sink_char(text->sink, ' ');
            column++;
        }
        column += columns;
        for (; *c != '\0' && *c != ' '; c++)
            sink_char(text->sink, *c);
        while (*c == ' ')
            c++;
    }
    sink_char(text->sink, '\n');
}

void
text_flush(struct text *text, const char *label, enum text_colour colour)
{
    text->words[text->line.length] = '\0';
    text_colour(text, colour);
    size_t start = text->sink->length;
    sink_text(text->sink, label);
    if (colour != TEXT_PLAIN)
        text_colour(text, TEXT_PLAIN);
    sink_pad_right(text->sink, start, TEXT_LABEL_COLUMNS);
    wrap(text, text->words);
}
