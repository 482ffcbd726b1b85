/*
 * utf8.h - tells UTF-8 from other bytes.
 */
#ifndef MIDPOOL_STATS_UTF8_H
#define MIDPOOL_STATS_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The length of the well-formed UTF-8 sequence (Unicode table 3-7: no
 * overlong forms, no surrogates) at the start of a NUL-terminated text; 0 if
 * there is none.
 */
size_t utf8_sequence(const char *text);

/*
 * True if the sequence of that length is a control character: C0, DEL, or C1,
 * which would control a terminal as ESC sequences do.
 */
bool utf8_is_control(const char *text, size_t length);

/* length less a sequence at its end that was cut short. Requires that the text
 * before it is well-formed. */
size_t utf8_whole(const char *text, size_t length);

#endif
