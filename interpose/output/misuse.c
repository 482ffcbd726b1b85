/* misuse.c - see misuse.h. */
#include "misuse.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "call_stack.h"
#include "page.h"
#include "pool.h"
#include "sink.h"
#include "stderr_target.h"

enum { WARNINGS_MOST = 100 };

static enum option_misuse action;
static enum option_misuse size_action; /* for a wrong size */
static atomic_uint warnings;

/*
 * True if a message will be written. The number of warnings is limited, so that
 * a mistake in a loop does not fill a log.
 */
static bool
is_said(enum option_misuse wanted)
{
    if (wanted == OPTION_MISUSE_OFF)
        return false;
    return wanted == OPTION_MISUSE_ABORT ||
           atomic_load_explicit(&warnings, memory_order_relaxed) <
               WARNINGS_MOST;
}

static void
name_buffer(struct sink *out, const void *ptr, size_t bytes)
{
    sink_address(out, (uintptr_t)ptr);
    if (bytes == 0)
        return;
    sink_text(out, " (class of ");
    sink_decimal(out, bytes);
    sink_text(out, " bytes)");
}

static void
say(struct sink *out, const char *what_follows)
{
    sink_text(out, what_follows);
    call_stack_add(out, "midpool:   by ");
    stderr_target_say(out->buf, out->length);
}

static void
say_and_go_on(struct sink *out)
{
    /* The text contains WARNINGS_MOST. */
    static const char last[] = "midpool: 100 warnings of misuse; no more are"
                               " written\n";
    int kept = errno;
    unsigned number = atomic_fetch_add(&warnings, 1) + 1;

    if (number <= WARNINGS_MOST)
        say(out, "; going on\n");
    if (number == WARNINGS_MOST)
        stderr_target_say(last, sizeof last - 1);
    errno = kept;
}

static void
say_and_act(struct sink *out, enum option_misuse wanted)
{
    if (wanted == OPTION_MISUSE_ABORT) {
        say(out, "; aborting\n");
        abort();
    }
    say_and_go_on(out);
}

static const char *
describe(enum pool_misuse kind)
{
    switch (kind) {
    case POOL_DOUBLE_FREE:
        return "double free or use of freed buffer ";
    case POOL_INTERIOR_FREE:
        return "free of a pointer into the middle of a buffer: ";
    case POOL_MISALIGNED_FREE:
        return "free of a misaligned pointer: ";
    case POOL_WILD_FREE:
    default:
        return "free of a pointer never handed out: ";
    }
}

static void
on_misuse(enum pool_misuse kind, const void *ptr, size_t bytes)
{
    struct line line;

    if (!is_said(action))
        return;
    line_start(&line, "midpool: ");
    sink_text(&line.sink, describe(kind));
    name_buffer(&line.sink, ptr, bytes);
    say_and_act(&line.sink, action);
}

static void
on_damage(const void *ptr, size_t bytes, size_t offset)
{
    struct line line;

    if (!is_said(action))
        return;
    line_start(&line, "midpool: write after free to buffer ");
    name_buffer(&line.sink, ptr, bytes);
    sink_text(&line.sink, " at offset ");
    sink_decimal(&line.sink, offset);
    sink_text(&line.sink, ", found at its reuse");
    say_and_act(&line.sink, action);
}

void
misuse_wrong_size(const char *function, const void *ptr, size_t size,
                  size_t bytes)
{
    struct line line;

    __atomic_fetch_add(&pool_page()->wrong_sizes, 1, __ATOMIC_RELAXED);
    if (!is_said(size_action))
        return;
    line_start(&line, "midpool: ");
    sink_text(&line.sink, function);
    sink_text(&line.sink, " was given the wrong size, ");
    sink_decimal(&line.sink, size);
    sink_text(&line.sink,
              size == 1 ? " byte, for buffer " : " bytes, for buffer ");
    name_buffer(&line.sink, ptr, bytes);
    say_and_act(&line.sink, size_action);
}

void
misuse_install(const struct options *options)
{
    action = options->misuse;
    size_action = action;
    if (action == OPTION_MISUSE_ABORT &&
        !options_gave(options, OPTION_BIT_misuse))
        size_action = OPTION_MISUSE_WARN;
    pool_on_misuse = on_misuse;
    pool_on_damage = on_damage;
}
