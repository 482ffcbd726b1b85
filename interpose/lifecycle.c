/*
 * lifecycle.c - start, fork and end of the library within a process: the
 * constructor, the destructor and the table of all that takes part.
 *
 * The first allocation may come before (early.h). Nothing is torn down: the
 * pools serve on to the process's last instruction.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "call_guard.h"
#include "count_guard.h"
#include "deepbind.h"
#include "early.h"
#include "environment.h"
#include "exit_report.h"
#include "foreign.h"
#include "front_calls.h"
#include "guard_report.h"
#include "live.h"
#include "misuse.h"
#include "passthrough.h"
#include "pool.h"
#include "postponed.h"
#include "process.h"
#include "purge_thread.h"
#include "rusage.h"
#include "sampler.h"
#include "sandbox.h"
#include "sandbox_watch.h"
#include "signal_report.h"
#include "sink.h"
#include "stderr_target.h"

enum { TLS_DESTRUCTOR_BYTES = 32 }; /* of an entry of glibc's list */

/*
 * As the dynamic linker bound them. None may stand in the file that defines
 * it, where the compiler would bind it at once.
 */
static const struct in_force in_force = {
    .malloc = malloc,
    .free = free,
    .posix_memalign = posix_memalign,
    .memalign = memalign,
    .aligned_alloc = aligned_alloc,
    .malloc_usable_size = malloc_usable_size,
};

static struct options *options;
static char **environment_entries; /* what children will get */
static bool destructors_spent;

/* Weak, because other libcs lack it; its uses are optional. */
extern int __cxa_thread_atexit_impl(void (*function)(void *), void *object,
                                    void *dso) __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

/* The second reading reports bad items; the first had no way to report them. */
static void
read_options(void)
{
    options = early_read_options(environment_entries, stderr_target_say);
}

/*
 * A child gets no purge thread: a program that forks expects a child with one
 * thread, and unshare(CLONE_NEWUSER) and setns refuse a process with several.
 */
static void
change_options_of_child(void)
{
    options->purge_thread = false;
}

static void
configure_backend(void)
{
    backend_configure(environment_backend_conf());
}

static void
start_live(void)
{
    if (options->live != OPTION_LIVE_NO)
        live_start(options->live == OPTION_LIVE_KEEP);
}

static void
start_live_of_child(void)
{
    if (options->live != OPTION_LIVE_NO)
        live_start_child();
}

static void
finish_live(void)
{
    if (pool_page()->report_errno == 0 && sandbox_allows(SANDBOX_FILES))
        live_finish();
}

static void
start_report(void)
{
    exit_report_init(options);
}

static void
write_report(void)
{
    pool_page()->report_errno =
        (uint32_t)exit_report_write(EXIT_REPORT_AT_EXIT);
}

static void
stand_aside(const char *reason)
{
    struct stats_header *page = pool_page();
    size_t length = strlen(reason);

    if (length >= sizeof page->reason)
        length = sizeof page->reason - 1;
    memcpy(page->reason, reason, length);
    page->reason[length] = '\0';
    page->active = 0;
    passthrough_is_on = true;
}

static void
find_other_malloc(void)
{
    const char *reason = passthrough_reason(&in_force);

    if (reason != NULL)
        stand_aside(reason);
}

static void
describe_page(void)
{
    struct stats_header *page = pool_page();

    process_describe(page);
    options_describe(options, page->config, sizeof page->config);
    page->warn_below = options->warn_below;
    process_publish(page);
}

static void
install_signal(void)
{
    const char *reason;
    struct line line;

    if (options->signal == 0)
        return;
    reason = signal_report_install(options->signal);
    if (reason == NULL)
        return;
    line_start(&line, "midpool: no report on the option signal: ");
    sink_text(&line.sink, reason);
    sink_text(&line.sink, "\n");
    stderr_target_say(line.text, line.sink.length);
}

static void
mark_children(void)
{
    if (!options->report_children && options->reporter == 0)
        environment_mark(environment_entries, process_self()->pid);
}

static void
install_misuse(void)
{
    misuse_install(options);
}

static void
start_sampler(void)
{
    if (passthrough_reason(&in_force) == NULL && sampler_start(options))
        exit_report_take_sites();
}

static void
start_guards(void)
{
    if (!passthrough_is_on)
        guard_report_start(options);
}

static void
start_pools(void)
{
    if (passthrough_is_on)
        return;
    deepbind_configure(options->deepbind == OPTION_DEEPBIND_STRIP);
    for (unsigned i = 0; i < options->warmup.steps; i++)
        pool_warm(options->warmup.step[i].bytes, options->warmup.step[i].count);
    if (options->purge_thread)
        purge_thread_start(options->decay_ms);
}

static void
find_next_functions(void)
{
    foreign_find();
    deepbind_find_next();
}

static void
end_counts(void)
{
    struct stats_header *page = pool_page();

    pool_stats_end();
    rusage_measure(&page->usage);
    page->end = STATS_END_EXIT;
    /* Last: readers of the live page take it to be at its end from then on. */
    __atomic_store_n(&page->end_monotonic_ns, process_clock_ns(),
                     __ATOMIC_RELEASE);
}

static void watch_end(void);

/*
 * All that takes part, in the order of the start, and of the start of a forked
 * child. The end, by when other threads may still run and the program's own
 * exit handlers are done, goes from the last to the first.
 */
static const struct module {
    void (*start)(void);
    void (*forked)(void);
    void (*finish)(void);
} modules[] = {
    {process_identify, process_forked, NULL},
    {rusage_begin, rusage_forked, NULL},
    {stderr_target_record, stderr_target_forked, stderr_target_finish},
    {sandbox_watch, NULL, NULL},
    {read_options, change_options_of_child, NULL},
    {configure_backend, NULL, NULL},
    {start_sampler, sampler_forked, NULL},
    {start_live, start_live_of_child, finish_live},
    {start_report, exit_report_forked, write_report},
    {find_other_malloc, NULL, NULL},
    {describe_page, describe_page, NULL},
    {install_signal, NULL, NULL},
    {watch_end, NULL, NULL},
    {mark_children, NULL, NULL},
    {install_misuse, NULL, NULL},
    {start_guards, guard_report_forked, guard_report_finish},
    {start_pools, NULL, end_counts},
    {find_next_functions, NULL, NULL},
};

enum { MODULES = sizeof modules / sizeof modules[0] };

static void
start_child(void)
{
    for (unsigned i = 0; i < MODULES; i++) {
        if (modules[i].forked != NULL)
            modules[i].forked();
    }
}

static void
finish_process(void)
{
    for (unsigned i = MODULES; i-- > 0;) {
        if (modules[i].finish != NULL)
            modules[i].finish();
    }
}

/* exit() was called by the thread that ran the constructor. */
static void
exit_begins(void *unused)
{
    (void)unused;
    if (!process_is_self())
        return;
    stderr_target_keep();
    if (destructors_spent)
        finish_process();
}

/* Without memory for its list glibc would end the process. */
static bool
backend_has(size_t bytes)
{
    void *ptr = backend_malloc(bytes);

    if (ptr == NULL)
        return false;
    backend_free(ptr);
    return true;
}

/*
 * Registers a destructor of a thread-local object. exit() runs those of the
 * calling thread first.
 */
static void
watch_exit(void)
{
    struct count_guard mark;

    if (__cxa_thread_atexit_impl == NULL || !backend_has(TLS_DESTRUCTOR_BYTES))
        return;
    count_guard_begin(&mark);
    __cxa_thread_atexit_impl(exit_begins, NULL, &__dso_handle);
    count_guard_end(&mark);
}

/* quick_exit runs no destructors, of a library's handlers ours is the last. */
static void
finish_quickly(void)
{
    if (process_is_self())
        finish_process();
}

static bool
end_matters(void)
{
    return options->report != REPORT_NONE || options->live != OPTION_LIVE_NO ||
           options->guard != 0;
}

static void
watch_end(void)
{
    if (options->report != REPORT_NONE || options->guard != 0)
        watch_exit();
    if (end_matters())
        (void)at_quick_exit(finish_quickly);
}

static bool
must_postpone(void)
{
    return postponed_is_needed((uintptr_t)in_force.malloc);
}

/* glibc passes main's arguments to constructors; other libcs may not. */
__attribute__((constructor(101))) static void
start(int argc, char **argv, char **entries)
{
    struct call_guard mark;

    (void)argc;
    (void)argv;
#ifndef __GLIBC__
    entries = environ;
#endif
    if (must_postpone()) {
        passthrough_is_on = true;
        postponed_note(entries);
        return;
    }
    call_guard_begin(&mark);
    if (front_find(&in_force))
        front_calls_find();
    early_start();
    environment_entries = entries;
    for (unsigned i = 0; i < MODULES; i++)
        modules[i].start();
    early_ready(start_child);
    call_guard_end(&mark);
}

/*
 * Start-up and report of a program with a sanitizer, at its exit. Its children
 * have noted nothing and do not report.
 */
static void
report_postponed(void)
{
    const char *reason = passthrough_reason(&in_force);

    if (!postponed_is_same_process())
        return;
    early_start();
    process_identify();
    if (postponed_is_same_stderr())
        stderr_target_record();
    environment_entries = postponed_entries();
    read_options();
    start_report();
    stand_aside(reason != NULL ? reason : "the program has a sanitizer");
    describe_page();
    finish_process();
}

/*
 * A vfork child that calls exit() instead of _exit() uses up the destructors
 * in its parent's memory. It must not report; its parent has to report when it
 * calls exit() itself. Without a report and a live page nothing is done,
 * because a seccomp filter may forbid getpid.
 */
__attribute__((destructor(101))) static void
finish(void)
{
    if (must_postpone())
        report_postponed();
    if (!early_is_ready() || !end_matters())
        return;
    if (process_is_self()) {
        finish_process();
    } else {
        destructors_spent = true;
        watch_exit();
    }
}
