/* lifecycle.c - see lifecycle.h. */
#include "lifecycle.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "deepbind.h"
#include "environment.h"
#include "exit_report.h"
#include "front_calls.h"
#include "line.h"
#include "live.h"
#include "misuse.h"
#include "options.h"
#include "passthrough.h"
#include "pool.h"
#include "postponed.h"
#include "process.h"
#include "purge_thread.h"
#include "rusage.h"
#include "sampler.h"
#include "sandbox.h"
#include "signal_report.h"
#include "stderr_target.h"
#include "uncounted.h"
#include "unnoticed.h"

enum stage { STAGE_NONE, STAGE_EARLY_RUNS, STAGE_EARLY, STAGE_READY };

enum { TLS_DESTRUCTOR_BYTES = 32 }; /* of an entry of glibc's list */

static _Atomic enum stage stage;
static struct options options;
static bool destructors_spent;

/* Weak: other libcs lack it, and go without what depends on it. */
extern int __cxa_thread_atexit_impl(void (*function)(void *), void *object,
                                    void *dso) __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

const struct options *
lifecycle_options(void)
{
    return &options;
}

static void
describe_page(void)
{
    struct stats_header *page = pool_page();

    process_describe(page);
    options_describe(&options, page->config, sizeof page->config);
    page->warn_below = options.warn_below;
    process_publish(page);
}

/*
 * Registered at the first allocation, so before other libraries' handlers
 * as a rule: theirs, which may allocate, then run while ours hold nothing.
 * The order of the locks is stdio's list, jemalloc's, the pool's.
 */
static void
before_fork(void)
{
    backend_fork_prepare();
    while (!pool_fork_prepare()) {
        backend_fork_parent();
        sched_yield();
        backend_fork_prepare();
    }
}

static void
after_fork_parent(void)
{
    pool_fork_parent();
    backend_fork_parent();
}

static void
start_child(void)
{
    /*
     * No thread here: nobody who calls fork expects the child to have two, and
     * unshare(CLONE_NEWUSER) and setns refuse a process with threads.
     */
    options.purge_thread = false;
    process_forked();
    rusage_forked();
    stderr_target_forked();
    exit_report_forked();
    sampler_forked();
    if (options.live != OPTION_LIVE_NO)
        live_start_child();
    describe_page();
}

static void
after_fork_child(void)
{
    struct unnoticed mark;

    pool_fork_child();
    backend_fork_child();
    if (atomic_load(&stage) != STAGE_READY)
        return;
    unnoticed_begin(&mark);
    start_child();
    unnoticed_end(&mark);
}

void
lifecycle_init_early(void)
{
    enum stage none = STAGE_NONE;
    struct pool_config config;

    if (atomic_load_explicit(&stage, memory_order_relaxed) != STAGE_NONE)
        return;
    if (!atomic_compare_exchange_strong(&stage, &none, STAGE_EARLY_RUNS))
        return;
    options_init(&options);
    if (environment_read(environ))
        options_parse(&options, environment_conf(), NULL);
    backend_set_conf(environment_backend_conf());
    options_pool_config(&options, &config);
    pool_init(&config);
    backend_on_refusal = pool_unmap;
    pthread_atfork(before_fork, after_fork_parent, after_fork_child);
    atomic_store(&stage, STAGE_EARLY);
}

/* Once more and aloud: the first time nobody could be told. */
static void
read_options(char *const *entries)
{
    static const char cut[] = "midpool: MIDPOOL_CONF is longer than 4095"
                              " bytes; what is over it is ignored\n";
    struct pool_config config;

    environment_read(entries);
    options_init(&options);
    options_parse(&options, environment_conf(), stderr_target_say);
    if (environment_conf_was_cut())
        stderr_target_say(cut, sizeof cut - 1);
    options_pool_config(&options, &config);
    pool_configure(&config);
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
warm_up(void)
{
    for (unsigned i = 0; i < options.warmup.steps; i++)
        pool_warm(options.warmup.step[i].bytes, options.warmup.step[i].count);
}

/*
 * The end of the process. By then other threads may still run, and the
 * program's own exit handlers are done.
 */
static void
report_end(void)
{
    struct stats_header *page = pool_page();

    pool_stats_end();
    page->end_monotonic_ns = process_clock_ns();
    rusage_measure(&page->usage);
    page->end = STATS_END_EXIT;
    page->report_errno = (uint32_t)exit_report_write(EXIT_REPORT_AT_EXIT);
    if (page->report_errno == 0 && sandbox_allows(SANDBOX_FILES))
        live_finish();
    stderr_target_finish();
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
        report_end();
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
 * exit() runs the destructors of the calling thread's thread-local objects
 * before anything else. This registers one.
 */
static void
watch_exit(void)
{
    struct uncounted mark;

    if (__cxa_thread_atexit_impl == NULL || !backend_has(TLS_DESTRUCTOR_BYTES))
        return;
    uncounted_begin(&mark);
    __cxa_thread_atexit_impl(exit_begins, NULL, &__dso_handle);
    uncounted_end(&mark);
}

/* quick_exit runs no destructors, of a library's handlers ours is the last. */
static void
finish_quickly(void)
{
    if (process_is_self())
        report_end();
}

static void
install_signal(void)
{
    const char *reason;
    struct line line;

    if (options.signal == 0)
        return;
    reason = signal_report_install(options.signal);
    if (reason == NULL)
        return;
    line_start(&line, "midpool: no report on the option signal: ");
    line_add(&line, reason);
    line_add(&line, "\n");
    stderr_target_say(line.text, line.length);
}

static void
apply_options(char **entries)
{
    const char *reason = passthrough_reason();

    if (reason == NULL && sampler_start(&options))
        exit_report_take_sites();
    if (options.live != OPTION_LIVE_NO)
        live_start(options.live == OPTION_LIVE_KEEP);
    if (reason != NULL)
        stand_aside(reason);
    describe_page();
    install_signal();
    if (options.report != REPORT_NONE)
        watch_exit();
    if (options.report != REPORT_NONE || options.live != OPTION_LIVE_NO)
        (void)at_quick_exit(finish_quickly);
    if (!options.report_children && options.reporter == 0)
        environment_mark(entries, process_self()->pid);
    misuse_install(&options);
    if (reason != NULL)
        return;
    deepbind_configure(options.deepbind == OPTION_DEEPBIND_STRIP);
    warm_up();
    if (options.purge_thread)
        purge_thread_start(options.decay_ms);
}

/* glibc hands its constructors what main gets; others may not. */
__attribute__((constructor(101))) static void
start(int argc, char **argv, char **entries)
{
    struct unnoticed mark;

    (void)argc;
    (void)argv;
#ifndef __GLIBC__
    entries = environ;
#endif
    if (postponed_is_needed()) {
        passthrough_is_on = true;
        postponed_note(entries);
        return;
    }
    unnoticed_begin(&mark);
    if (front_find())
        front_calls_find();
    lifecycle_init_early();
    process_identify();
    rusage_begin();
    stderr_target_record();
    sandbox_watch();
    read_options(entries);
    backend_configure(environment_backend_conf());
    exit_report_init(&options);
    apply_options(entries);
    atomic_store(&stage, STAGE_READY);
    unnoticed_end(&mark);
}

/*
 * Start-up and report of a program with a sanitizer, at its exit. Its children
 * have noted nothing and do not report.
 */
static void
report_postponed(void)
{
    const char *reason = passthrough_reason();

    if (!postponed_is_same_process())
        return;
    lifecycle_init_early();
    process_identify();
    if (postponed_is_same_stderr())
        stderr_target_record();
    read_options(postponed_entries());
    exit_report_init(&options);
    stand_aside(reason != NULL ? reason : "the program has a sanitizer");
    describe_page();
    report_end();
}

/*
 * A vfork child that calls exit() instead of _exit() uses up the destructors
 * in its parent's memory. It must not report; its parent is to do so when it
 * calls exit() itself. Where nobody reads what the end would say, nothing is
 * done: a filter may forbid to ask for the pid.
 */
__attribute__((destructor(101))) static void
finish(void)
{
    if (postponed_is_needed())
        report_postponed();
    if (atomic_load(&stage) != STAGE_READY ||
        (options.report == REPORT_NONE && options.live == OPTION_LIVE_NO))
        return;
    if (process_is_self()) {
        report_end();
    } else {
        destructors_spent = true;
        watch_exit();
    }
}
