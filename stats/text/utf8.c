/*
 * utf8.c - tells UTF-8 from other bytes.
 */
#include "utf8.h"

static bool
between(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

/* True if count bytes from text on are continuations; stops at a NUL. */
static bool
continues(const unsigned char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!between(text[i], 0x80, 0xbf))
            return false;
    return true;
}

size_t
utf8_sequence(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    if (between(s[0], 0x01, 0x7f))
        return 1;
    if (between(s[0], 0xc2, 0xdf))
        return continues(s + 1, 1) ? 2 : 0;
    if (between(s[0], 0xe0, 0xef)) {
        unsigned char low = s[0] == 0xe0 ? 0xa0 : 0x80;
        unsigned char high = s[0] == 0xed ? 0x9f : 0xbf;
        return between(s[1], low, high) && continues(s + 2, 1) ? 3 : 0;
    }
    if (between(s[0], 0xf0, 0xf4)) {
        unsigned char low = s[0] == 0xf0 ? 0x90 : 0x80;
        unsigned char high = s[0] == 0xf4 ? 0x8f : 0xbf;
        return between(s[1], low, high) && continues(s + 2, 2) ? 4 : 0;
    }
    return 0;
}

bool
utf8_is_control(const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];
    if (length == 1)
        return first < 0x20 || first == 0x7f;
    return length == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0;
}

size_t
utf8_whole(const char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return 0;
    unsigned char first = (unsigned char)text[start - 1];
    if (first < 0x80)
        return length;
    size_t need = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    return length - start + 1 < need ? start - 1 : length;
}
