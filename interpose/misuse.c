/* misuse.c - see misuse.h. */
#include "misuse.h"

#include <errno.h>
#include <stdlib.h>

#include "call_stack.h"
#include "line.h"
#include "pool.h"
#include "stderr_target.h"

static enum option_misuse action;

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
say_and_act(struct line *line)
{
    int kept = errno;

    line_add(line,
             action == OPTION_MISUSE_ABORT ? "; aborting\n" : "; going on\n");
    call_stack_add(line, "midpool:   by ");
    stderr_target_say(line->text, line->length);
    if (action == OPTION_MISUSE_ABORT)
        abort();
    errno = kept;
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

    if (action == OPTION_MISUSE_OFF)
        return;
    line_start(&line, "midpool: ");
    line_add(&line, describe(kind));
    name_buffer(&line, ptr, bytes);
    say_and_act(&line);
}

static void
on_damage(const void *ptr, size_t bytes, size_t offset)
{
    struct line line;

    if (action == OPTION_MISUSE_OFF)
        return;
    line_start(&line, "midpool: write after free to buffer ");
    name_buffer(&line, ptr, bytes);
    line_add(&line, " at offset ");
    line_add_unsigned(&line, offset);
    line_add(&line, ", found at its reuse");
    say_and_act(&line);
}

void
misuse_wrong_size(const void *ptr, size_t size, size_t bytes)
{
    struct line line;

    if (action == OPTION_MISUSE_OFF)
        return;
    line_start(&line, "midpool: free through the wrong sized delete, of ");
    line_add_unsigned(&line, size);
    line_add(&line, " bytes: ");
    name_buffer(&line, ptr, bytes);
    say_and_act(&line);
}

void
misuse_install(enum option_misuse wanted)
{
    action = wanted;
    pool_on_misuse = on_misuse;
    pool_on_damage = on_damage;
}
