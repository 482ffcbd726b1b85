/*
 * text.h - lines of the text report: labels, wrapping, colour.
 */
#ifndef MIDPOOL_STATS_TEXT_H
#define MIDPOOL_STATS_TEXT_H

#include "render.h"

enum {
    TEXT_LABEL_COLUMNS = 11,
    TEXT_LINE_BYTES = 480, /* of one unwrapped line of words */
};

enum text_colour {
    TEXT_PLAIN,
    TEXT_BOLD,
    TEXT_ALARM,
    TEXT_CACHE,
    TEXT_DEPOT,
    TEXT_MISS,
};

struct text {
    struct sink *sink;
    const struct report_style *style;
    unsigned width;
    /* The line of words under way. */
    struct sink line;
    char words[TEXT_LINE_BYTES];
};

void text_init(struct text *text, struct sink *sink,
               const struct report_style *style);

/* Switches colour in the sink; nothing without style.colour. */
void text_colour(const struct text *text, enum text_colour colour);

/* Starts a line of words; the caller writes them into the sink returned. */
struct sink *text_words(struct text *text);

/*
 * Ends it: label, then the words, wrapped at the width and indented below
 * the first.
 */
void text_flush(struct text *text, const char *label, enum text_colour colour);

/* Drops the text after that many lines. */
void text_cut(struct sink *sink, unsigned lines);

#endif
