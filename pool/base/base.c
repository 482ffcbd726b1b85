/*
 * base.c - a failed assertion, in debug builds.
 */
#include "base.h"

#ifdef MIDPOOL_DEBUG
#include <unistd.h>

static void
say(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, __builtin_strlen(text));

    (void)ignored;
}

_Noreturn void
pool_assert_failed(const char *claim, const char *file, int line)
{
    char digits[12];
    char *at = digits + sizeof(digits);

    *--at = '\0';
    do {
        *--at = (char)('0' + line % 10);
        line /= 10;
    } while (line > 0);
    say("midpool: not so: ");
    say(claim);
    say(" (");
    say(file);
    say(":");
    say(at);
    say(")\n");
    __builtin_trap();
}
#endif
