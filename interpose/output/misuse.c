/* misuse.c - see misuse.h. */
#include "misuse.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "call_stack.h"
#include "line.h"
#include "page.h"
#include "pool.h"
#include "stderr_target.h"

enum { WARNINGS_MOST = 100 };

static enum option_misuse action;
static enum option_misuse size_action; /* for a wrong size */
static atomic_uint warnings;

/* A mistake in a loop is not to fill a log. */
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
name_buffer(struct line *line, const void *ptr, size_t bytes)
{
    line_add_hex(line, (uintptr_t)ptr);
    if (bytes == 0)
        return;
    line_add(line, " (class of ");
    line_add_unsigned(line, bytes);
    line_add(line, " bytes)");
}

static void
say(struct line *line, const char *what_follows)
{
    line_add(line, what_follows);
    call_stack_add(line, "midpool:   by ");
    stderr_target_say(line->text, line->length);
}

static void
say_and_go_on(struct line *line)
{
    /* WARNINGS_MOST of them. */
    static const char last[] = "midpool: 100 warnings of misuse; no more are"
                               " written\n";
    int kept = errno;
    unsigned number = atomic_fetch_add(&warnings, 1) + 1;

    if (number <= WARNINGS_MOST)
        say(line, "; going on\n");
    if (number == WARNINGS_MOST)
        stderr_target_say(last, sizeof last - 1);
    errno = kept;
}

static void
say_and_act(struct line *line, enum option_misuse wanted)
{
    if (wanted == OPTION_MISUSE_ABORT) {
        say(line, "; aborting\n");
        abort();
    }
    say_and_go_on(line);
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
    line_add(&line, describe(kind));
    name_buffer(&line, ptr, bytes);
    say_and_act(&line, action);
}

static void
on_damage(const void *ptr, size_t bytes, size_t offset)
{
    struct line line;

    if (!is_said(action))
        return;
    line_start(&line, "midpool: write after free to buffer ");
    name_buffer(&line, ptr, bytes);
    line_add(&line, " at offset ");
    line_add_unsigned(&line, offset);
    line_add(&line, ", found at its reuse");
    say_and_act(&line, action);
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
    line_add(&line, function);
    line_add(&line, " was given the wrong size, ");
    line_add_unsigned(&line, size);
    line_add(&line, size == 1 ? " byte, for buffer " : " bytes, for buffer ");
    name_buffer(&line, ptr, bytes);
    say_and_act(&line, size_action);
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
