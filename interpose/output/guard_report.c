/* guard_report.c - see guard_report.h. */
#include "guard_report.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call_guard.h"
#include "environment.h"
#include "fault_context.h"
#include "fault_handler.h"
#include "guard_slot.h"
#include "module.h"
#include "os.h"
#include "pattern.h"
#include "pool.h"
#include "process.h"
#include "report_file.h"
#include "sandbox.h"
#include "stack.h"
#include "stderr_target.h"

enum {
    SLOTS = 1024, /* guarded buffers at a time */
    SLOTS_AUTO = 63,
    TEXT_BYTES = 64 << 10,
    REPORTS_MOST = 100, /* a mistake in a loop must not fill a log */
    WAITS = 500,
    WAIT_NS = 1000000,
    SIGNAL_FRAMES = 8, /* of the handler itself, at most */
};

static const struct options *options;
static bool by_frame_pointers;
static bool ends; /* the process is ending: do not abort */

/* Only the holder of busy touches these. */
static atomic_flag busy = ATOMIC_FLAG_INIT;
static char text[TEXT_BYTES];
static struct sink out = {text, sizeof text, 0, false};
static unsigned reports;
static char path[PATH_MAX];
static struct pool_guard_find find;
static struct pool_stack accessed;
static uintptr_t frames[POOL_STACK_FRAMES + SIGNAL_FRAMES];

static bool
begin(void)
{
    static const struct timespec pause = {.tv_nsec = WAIT_NS};

    for (int i = 0; atomic_flag_test_and_set(&busy); i++) {
        if (i == WAITS || !sandbox_allows(SANDBOX_SLEEP))
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

static uint32_t
thread_id(void)
{
    return sandbox_allows(SANDBOX_PROTECT) ? os_thread_id() : 0;
}

static void
take_stack(struct pool_stack *stack)
{
    stack->thread = thread_id();
    stack->depth =
        stack_take(stack->address, POOL_STACK_FRAMES, by_frame_pointers);
    fault_handler_keep();
}

/*
 * Takes the stack from the faulting instruction outwards. The frames inside it
 * are the handler's.
 */
static void
take_stack_of_fault(uintptr_t instruction)
{
    unsigned count = 0;
    unsigned from = 0;

    if (!by_frame_pointers)
        count = stack_take(frames, POOL_STACK_FRAMES + SIGNAL_FRAMES, false);
    while (from < count && frames[from] != instruction)
        from++;
    accessed.thread = thread_id();
    accessed.depth = 1;
    accessed.address[0] = instruction;
    for (from++; from < count && accessed.depth < POOL_STACK_FRAMES; from++)
        accessed.address[accessed.depth++] = frames[from];
}

static void
add_frame(uintptr_t address, struct sites_module *module)
{
    bool found = module_find(address, module);

    sink_text(&out, "midpool:     ");
    if (found) {
        sink_text(&out, module->path);
        sink_text(&out, "+");
    }
    sink_address(&out, found ? address - module->base : address);
    sink_text(&out, "\n");
}

static void
add_stack(const char *verb, const struct pool_stack *stack)
{
    static struct sites_module module;

    if (stack->depth == 0 && stack->thread == 0)
        return;
    sink_text(&out, "midpool:   ");
    sink_text(&out, verb);
    if (stack->thread != 0) {
        sink_text(&out, " by thread ");
        sink_decimal(&out, stack->thread);
    }
    sink_text(&out, stack->depth == 0 ? "; its stack is unknown\n" : ", at\n");
    for (unsigned i = 0; i < stack->depth; i++)
        add_frame(stack->address[i], &module);
}

static const char *
name_kind(enum pool_guard_kind kind)
{
    switch (kind) {
    case POOL_GUARD_OVERRUN:
        return "overrun";
    case POOL_GUARD_UNDERRUN:
        return "underrun";
    case POOL_GUARD_USE_AFTER_FREE:
        return "use after free";
    case POOL_GUARD_DOUBLE_FREE:
        return "double free";
    case POOL_GUARD_GAP:
    default:
        return find.access < find.buffer ? "underrun" : "overrun";
    }
}

static const char *
name_access(enum fault_access access)
{
    static const char *const names[] = {
        [FAULT_READ] = "read",
        [FAULT_WRITE] = "write",
        [FAULT_ACCESS] = "access",
    };

    return names[access];
}

static void
add_bytes(uint64_t bytes)
{
    sink_decimal(&out, bytes);
    sink_text(&out, bytes == 1 ? " byte" : " bytes");
}

/* Adds the place. "1 byte beyond the end" is the first byte behind it. */
static void
add_place(void)
{
    ptrdiff_t offset = find.access - find.buffer;

    if (offset < 0) {
        add_bytes((uint64_t)-offset);
        sink_text(&out, " before the start");
    } else if ((size_t)offset >= find.bytes) {
        add_bytes((uint64_t)offset - find.bytes + 1);
        sink_text(&out, " beyond the end");
    } else {
        sink_text(&out, "inside");
    }
    sink_text(&out, " (offset ");
    sink_signed(&out, offset);
    sink_text(&out, ")");
}

static void
add_headline(enum fault_access access)
{
    sink_text(&out, "midpool: guard: ");
    sink_text(&out, name_kind(find.kind));
    if (find.kind == POOL_GUARD_GAP) {
        sink_text(&out, ": bytes were written ");
        add_place();
        sink_text(&out, ends ? ", found at the end" : ", found at the free");
    } else if (find.kind != POOL_GUARD_DOUBLE_FREE) {
        sink_text(&out, ": a ");
        sink_text(&out, name_access(access));
        sink_text(&out, " at ");
        sink_address(&out, (uintptr_t)find.access);
        sink_text(&out, ", ");
        add_place();
    }
    sink_text(&out, "\nmidpool:   buffer ");
    sink_address(&out, (uintptr_t)find.buffer);
    sink_text(&out, " of ");
    add_bytes(find.bytes);
    sink_text(&out, " (class of ");
    add_bytes(find.class_bytes);
    sink_text(&out, ")\n");
}

/* The file lies beside the reports, unless these go to a file in /dev. */
static const char *
pattern(void)
{
    static struct line name;
    const char *report = options->report_file;

    if (report[0] == '\0' || strncmp(report, "/dev/", 5) == 0)
        return "midpool.%e.%p.guard";
    line_start(&name, report);
    sink_text(&name.sink, ".guard");
    return line_string(&name);
}

static bool
find_path(void)
{
    const struct process *process = process_self();
    struct pattern_values values = {
        .pid = process->pid,
        .parent = process->parent,
        .start_seconds = process->start_unix_ns / 1000000000,
        .number = process->generation,
        .executable = process->name.executable,
        .host = process->host,
    };

    return !environment_is_secure() && sandbox_allows(SANDBOX_FILES) &&
           pattern_expand(pattern(), process->directory, &values, path,
                          sizeof path) == 0;
}

static void
write_out(size_t from)
{
    const struct report_file_text all = {.bytes = text, .length = out.length};
    int error;

    stderr_target_say(text + from, out.length - from);
    if (!find_path())
        return;
    error = report_file_write(path, REPORT_FILE_KEPT, &all);
    if (error == 0 && reports == 1) {
        struct sink line;
        static char name[PATH_MAX + 64];

        sink_init(&line, name, sizeof name);
        sink_text(&line, "midpool:   this report is in ");
        sink_printable(&line, path);
        sink_text(&line, "\n");
        stderr_target_say(name, line.length);
    }
}

/*
 * Writes a report. Requires that find is filled in, and accessed, which is
 * empty if the access itself was not seen.
 */
static void
tell(enum fault_access access)
{
    size_t from = out.length;

    if (out.full || reports >= REPORTS_MOST)
        return;
    reports++;
    add_headline(access);
    add_stack(find.kind == POOL_GUARD_DOUBLE_FREE ? "freed again" : "accessed",
              &accessed);
    add_stack("allocated", &find.got);
    add_stack("freed", &find.put);
    out.length = sink_finish(&out);
    write_out(from);
}

static void
on_fault(const siginfo_t *info, const ucontext_t *context)
{
    struct call_guard mark;

    if (!guard_owns(info->si_addr))
        return;
    call_guard_begin(&mark);
    if (begin()) {
        if (pool_guard_explain(info->si_addr, &find)) {
            take_stack_of_fault(fault_instruction(context));
            tell(fault_access(context));
        }
        atomic_flag_clear(&busy);
    }
    call_guard_end(&mark);
}

/* Applies the option misuse; misuse.c does so itself for a double free. */
static void
act(enum pool_guard_kind kind)
{
    if (kind == POOL_GUARD_GAP && options->misuse == OPTION_MISUSE_ABORT &&
        !ends)
        abort();
}

static void
on_find(const struct pool_guard_find *found)
{
    struct call_guard mark;

    if (options->misuse == OPTION_MISUSE_OFF)
        return;
    call_guard_begin(&mark);
    if (begin()) {
        find = *found;
        accessed.depth = accessed.thread = 0;
        if (found->kind == POOL_GUARD_DOUBLE_FREE)
            take_stack(&accessed);
        tell(FAULT_WRITE);
        atomic_flag_clear(&busy);
    }
    call_guard_end(&mark);
    act(found->kind);
}

static void
refuse(void)
{
    static const char why[] =
        "midpool: no address space for guarded buffers; guard:off is used\n";

    stderr_target_say(why, sizeof why - 1);
}

void
guard_report_start(const struct options *effective)
{
    static struct pool_guard guard = {
        .take_stack = take_stack,
        .found = on_find,
    };

    if (effective->guard == 0)
        return;
    options = effective;
    by_frame_pointers =
        options->unwind == SITES_UNWIND_FP || !stack_eh_is_safe();
    if (options->guard == OPTION_GUARD_AUTO) {
        guard.slots = SLOTS_AUTO;
    } else {
        guard.rate = options->guard;
        guard.slots = SLOTS;
    }
    if (!pool_guard_start(&guard)) {
        options = NULL;
        refuse();
        return;
    }
    fault_handler_install(on_fault);
}

void
guard_report_forked(void)
{
    atomic_flag_clear(&busy);
    out.length = 0;
    out.full = false;
    reports = 0;
}

void
guard_report_finish(void)
{
    if (options == NULL)
        return;
    ends = true;
    pool_guard_end();
}
