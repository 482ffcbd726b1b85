/*
 * json_check.c - see json_check.h.
 */
#include "json_check.h"

#include <string.h>

enum { DEPTH_MAX = 32 };

struct reader {
    const char *at;
    const char *end;
    unsigned depth;
};

static bool value(struct reader *in);

static char
peek(struct reader *in)
{
    while (in->at < in->end && memchr(" \t\r\n", *in->at, 4) != NULL)
        in->at++;
    return in->at < in->end ? *in->at : '\0';
}

static bool
accept(struct reader *in, char c)
{
    if (peek(in) != c)
        return false;
    in->at++;
    return true;
}

static bool
word(struct reader *in, const char *text)
{
    size_t length = strlen(text);

    if ((size_t)(in->end - in->at) < length ||
        memcmp(in->at, text, length) != 0)
        return false;
    in->at += length;
    return true;
}

/* The bytes that follow the first one of a UTF-8 sequence; -1: none can. */
static int
followers(unsigned char first)
{
    if (first < 0x80)
        return 0;
    if (first >= 0xc2 && first < 0xe0)
        return 1;
    if (first >= 0xe0 && first < 0xf0)
        return 2;
    return first >= 0xf0 && first < 0xf5 ? 3 : -1;
}

static bool
character(struct reader *in)
{
    unsigned char first = (unsigned char)*in->at++;
    int more = followers(first);

    if (first < 0x20 || more < 0)
        return false;
    if (first == '\\') {
        if (in->at == in->end || strchr("\"\\/bfnrtu", *in->at) == NULL)
            return false;
        return *in->at++ != 'u' ||
               (in->end - in->at >= 4 &&
                strspn(in->at, "0123456789abcdefABCDEF") >= 4 && (in->at += 4));
    }
    for (; more > 0; more--) {
        if (in->at == in->end || ((unsigned char)*in->at++ & 0xc0) != 0x80)
            return false;
    }
    return true;
}

static bool
string(struct reader *in)
{
    if (!accept(in, '"'))
        return false;
    while (in->at < in->end && *in->at != '"') {
        if (!character(in))
            return false;
    }
    return in->at < in->end && *in->at++ == '"';
}

static bool
digits(struct reader *in)
{
    const char *start = in->at;

    while (in->at < in->end && *in->at >= '0' && *in->at <= '9')
        in->at++;
    return in->at > start;
}

static bool
number(struct reader *in)
{
    const char *start;

    if (*in->at == '-')
        in->at++;
    start = in->at;
    if (!digits(in) || (*start == '0' && in->at > start + 1))
        return false;
    if (in->at < in->end && *in->at == '.' && (in->at++, !digits(in)))
        return false;
    if (in->at < in->end && (*in->at == 'e' || *in->at == 'E')) {
        in->at++;
        if (in->at < in->end && (*in->at == '+' || *in->at == '-'))
            in->at++;
        return digits(in);
    }
    return true;
}

static bool
members(struct reader *in, char close, bool keys)
{
    in->at++;
    if (accept(in, close))
        return true;
    do {
        if (keys && (!string(in) || !accept(in, ':')))
            return false;
        if (!value(in))
            return false;
    } while (accept(in, ','));
    return accept(in, close);
}

static bool
value(struct reader *in)
{
    bool valid;

    if (++in->depth > DEPTH_MAX)
        return false;
    switch (peek(in)) {
    case '{':
        valid = members(in, '}', true);
        break;
    case '[':
        valid = members(in, ']', false);
        break;
    case '"':
        valid = string(in);
        break;
    case 't':
    case 'f':
    case 'n':
        valid = word(in, "true") || word(in, "false") || word(in, "null");
        break;
    default:
        valid = in->at < in->end && number(in);
    }
    in->depth--;
    return valid;
}

bool
json_is_valid(const char *text, size_t length)
{
    struct reader in = {text, text + length, 0};

    return value(&in) && peek(&in) == '\0' && in.at == in.end;
}
