/*
 * stats_print.c - malloc_stats_print: jemalloc's statistics, then the pools'.
 *
 * As text, midpool's report follows. As JSON (option 'J') there is one object
 * still: its member "midpool" is the JSON report. For that, jemalloc's output
 * is handed on but for its last brace.
 */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "early.h"
#include "exit_report.h"
#include "midpool_exports.h"
#include "pool.h"
#include "quiet_write.h"
#include "report.h"

/* jemalloc's variable, for programs that set it; defined in its object. */
extern EXPORT void (*malloc_message)(void *opaque, const char *text);

enum { PIECE_BYTES = 256 };

struct print {
    void (*write)(void *, const char *);
    void *opaque;
    /* The last brace so far and the text after it; empty: none is held. */
    char held[16];
    size_t held_bytes;
};

static void
write_message(void *opaque, const char *text)
{
    if (malloc_message != NULL)
        malloc_message(opaque, text);
    else
        (void)quiet_write(STDERR_FILENO, text, strlen(text));
}

static void
release_held(struct print *print)
{
    if (print->held_bytes == 0)
        return;
    print->held[print->held_bytes] = '\0';
    print->held_bytes = 0;
    print->write(print->opaque, print->held);
}

static void
hand_on(struct print *print, const char *text, size_t length)
{
    char piece[PIECE_BYTES];

    while (length > 0) {
        size_t part = length < sizeof piece ? length : sizeof piece - 1;

        memcpy(piece, text, part);
        piece[part] = '\0';
        print->write(print->opaque, piece);
        text += part;
        length -= part;
    }
}

static bool
hold(struct print *print, const char *text, size_t length)
{
    if (print->held_bytes + length >= sizeof print->held)
        return false;
    memcpy(print->held + print->held_bytes, text, length);
    print->held_bytes += length;
    return true;
}

/* Hands on all but the text's last brace and the blanks behind it. */
static void
filter(void *opaque, const char *text)
{
    struct print *print = opaque;
    const char *brace = strrchr(text, '}');
    size_t length = strlen(text);

    if (brace == NULL && print->held_bytes > 0 &&
        strspn(text, " \t\n") == length && hold(print, text, length))
        return;
    release_held(print);
    if (brace == NULL)
        brace = text + length;
    hand_on(print, text, (size_t)(brace - text));
    length -= (size_t)(brace - text);
    if (length > 0 && !hold(print, brace, length))
        hand_on(print, brace, length);
}

static size_t
render(enum report_format format, char *buffer, size_t bytes)
{
    size_t length = exit_report_render(format, buffer, bytes - 1);

    buffer[length] = '\0';
    return length;
}

static void
print_json(struct print *print, const char *options, char *buffer)
{
    backend_stats_print(filter, print, options);
    if (print->held_bytes > 0 &&
        render(REPORT_JSON, buffer, REPORT_MAX_BYTES) > 0) {
        print->write(print->opaque, ",\n\"midpool\":\n");
        print->write(print->opaque, buffer);
    }
    release_held(print);
}

static void
print_text(struct print *print, const char *options, char *buffer)
{
    backend_stats_print(print->write, print->opaque, options);
    if (render(REPORT_TEXT, buffer, REPORT_MAX_BYTES) > 0)
        print->write(print->opaque, buffer);
}

/*
 * Takes REPORT_MAX_BYTES from jemalloc for as long as it lasts, so that write
 * is called without anything held; without them, jemalloc alone is heard.
 */
EXPORT void
malloc_stats_print(void (*write)(void *, const char *), void *opaque,
                   const char *options)
{
    struct print print = {.write = write != NULL ? write : write_message,
                          .opaque = opaque};
    char *buffer;

    early_start();
    pool_stats_publish();
    buffer = backend_malloc(REPORT_MAX_BYTES);
    if (buffer == NULL)
        backend_stats_print(print.write, opaque, options);
    else if (options != NULL && strchr(options, 'J') != NULL)
        print_json(&print, options, buffer);
    else
        print_text(&print, options, buffer);
    backend_free(buffer);
}
