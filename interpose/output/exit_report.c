/* exit_report.c - see exit_report.h. */
#include "exit_report.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "call_guard.h"
#include "environment.h"
#include "error_text.h"
#include "os.h"
#include "pattern.h"
#include "pool.h"
#include "process.h"
#include "quiet_write.h"
#include "report_file.h"
#include "report_sites.h"
#include "rusage.h"
#include "sampler.h"
#include "sandbox.h"
#include "sink.h"
#include "snapshot.h"
#include "stderr_target.h"
#include "sums.h"
#include "unreported.h"

enum { WIDTH_LEAST = 80, EXIT_WAITS = 200, EXIT_WAIT_NS = 1000000 };

/* A message shows no more of a file's name, to leave room for the reason. */
enum { NAME_SHOWN_BYTES = LINE_BYTES - 256 };

static const struct options *options;
static atomic_flag busy = ATOMIC_FLAG_INIT;
static uint64_t reports_written;

/*
 * Only the holder of busy touches these variables. They are static, because the
 * stack may be a signal's and small.
 */
static struct stats_snapshot snapshot;
static bool at_exit; /* this is the report at exit, not on a signal or call */
static struct line message;
static struct line default_name;
static char path[PATH_MAX];
static char small[REPORT_MAX_BYTES];
static char *rendered = small; /* or a mapping with room for sites */
static size_t rendered_bytes = sizeof small;

void
exit_report_init(const struct options *effective)
{
    options = effective;
    if (options->report != REPORT_NONE)
        unreported_start();
}

void
exit_report_take_sites(void)
{
    size_t bytes = sizeof small + report_sites_bytes(sampler_table());
    char *memory = os_reserve(bytes, os_page_bytes());

    if (memory == NULL || !os_commit(memory, bytes))
        return;
    rendered = memory;
    rendered_bytes = bytes;
}

void
exit_report_forked(void)
{
    atomic_flag_clear(&busy);
    reports_written = 0;
    report_file_forked();
}

/*
 * Claims busy. At exit, waits for another thread's report, which takes
 * milliseconds.
 */
static bool
begin(enum exit_report_cause cause)
{
    static const struct timespec pause = {.tv_nsec = EXIT_WAIT_NS};

    for (int i = 0; atomic_flag_test_and_set(&busy); i++) {
        if (cause != EXIT_REPORT_AT_EXIT || i == EXIT_WAITS ||
            !sandbox_allows(SANDBOX_SLEEP))
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

static void
end(void)
{
    atomic_flag_clear(&busy);
}

static struct report_style
style_for(int fd)
{
    unsigned columns = fd < 0 ? 0 : stderr_target_columns(fd);
    struct report_style style = {.width = WIDTH_LEAST};

    style.utf8 = environment_is_utf8();
    if (columns == 0)
        return style;
    style.colour = environment_wants_colour();
    if (columns > style.width)
        style.width = columns;
    return style;
}

/*
 * The page says that the pools are not active if another library comes before
 * this one (heaptrack, memusage). That library may pass the calls on. If there
 * were gets, the pools were active after all, and the page is corrected.
 */
static void
correct_interception(struct stats_header *page)
{
    if (page->active || page->reserved_bytes == 0 || snapshot.total.gets == 0)
        return;
    page->active = 1;
    page->reason[0] = '\0';
}

static void
take_snapshot(void)
{
    stats_snapshot_take(&snapshot, pool_page(), process_clock_ns());
    correct_interception(pool_page());
    if (snapshot.end == STATS_END_RUNNING)
        rusage_measure(&snapshot.usage);
    if (rendered != small)
        snapshot.sites = sampler_table();
}

/*
 * Fills rendered, a string, and returns its length. The text fits the terminal
 * at fd, if that is one; -1: it will go to a file.
 */
static size_t
render(enum report_format format, int fd)
{
    struct report_style style = style_for(fd);
    size_t length;

    style.terse = at_exit;
    length =
        report_render(format, &style, &snapshot, rendered, rendered_bytes - 1);
    rendered[length] = '\0';
    return length;
}

static const char *
reason_of(int error)
{
    if (error == EPERM && !sandbox_allows(SANDBOX_FILES))
        return "the program's seccomp filter forbids it";
    return error_text(error);
}

static void
complain(const char *name, int error)
{
    line_start(&message, "midpool: no report written to ");
    sink_printable_bytes(&message.sink, name, strnlen(name, NAME_SHOWN_BYTES));
    sink_text(&message.sink, ": ");
    sink_text(&message.sink, reason_of(error));
    sink_text(&message.sink, "\n");
    stderr_target_say(message.text, message.sink.length);
}

static bool
is_collected(void)
{
    return options->report == REPORT_OPENMETRICS;
}

/*
 * An older file is replaced if this many of its first bytes equal those of the
 * new report; 0: no file is replaced. If all processes share one name, the
 * format alone must be equal: the file holds the newest report of any of them.
 * If each process has a name of its own, the instance must be equal as well,
 * which precedes the version in the first sample: each process keeps one
 * report, and those of other processes stay.
 */
static size_t
beginning(const char *pattern)
{
    enum { FORMAT_BYTES = 16 };
    const char *version;

    if (!is_collected())
        return 0;
    if (!pattern_is_per_process(pattern))
        return FORMAT_BYTES;
    version = strstr(rendered, ",version=\"");
    return version == NULL ? 0 : (size_t)(version - rendered);
}

static int
write_rendered(const char *pattern)
{
    struct report_file_text text = {.bytes = rendered};

    text.length = render(options->report, -1);
    text.beginning = beginning(pattern);
    return report_file_write(
        path, is_collected() ? REPORT_FILE_COLLECTED : REPORT_FILE_KEPT, &text);
}

/*
 * True if a process with so many gets writes a text report. If the library is
 * preloaded everywhere, most processes have few gets and need none. Reports on
 * a signal, on inactive pools, on wrong frees and on other processes' lost
 * reports are always written.
 */
static bool
is_worth_a_line(uint64_t gets)
{
    const struct stats_header *page = pool_page();

    return !at_exit || !page->active || gets >= options->report_min_gets ||
           (page->double_frees | page->interior_frees | page->misaligned_frees |
            page->wild_frees | page->wrong_sizes) != 0 ||
           page->unreported.processes != 0;
}

/*
 * Says that the report is lost, but not in a process with few gets that changed
 * its user or root directory: a server's log must not get a line from each
 * process that served one request.
 */
static int
fail(const char *name, int error)
{
    if (is_worth_a_line(snapshot.total.gets) || !process_was_confined())
        complain(name, error);
    return error;
}

/* 0, or an errno value. */
static int
write_file(const char *pattern)
{
    const struct process *process = process_self();
    struct pattern_values values = {
        .pid = process->pid,
        .parent = process->parent,
        .start_seconds = process->start_unix_ns / 1000000000,
        /* A collector must not find two reports of one process. */
        .number = process->generation + (is_collected() ? 0 : reports_written),
        .executable = process->name.executable,
        .host = process->host,
    };
    int error;

    if (environment_is_secure())
        return 0;
    error =
        pattern_expand(pattern, process->directory, &values, path, sizeof path);
    if (error != 0)
        return fail(pattern, error);
    error = sandbox_allows(SANDBOX_FILES) ? write_rendered(pattern) : EPERM;
    if (error != 0)
        return fail(path, error);
    reports_written++;
    return 0;
}

static int
write_default_file(void)
{
    line_start(&default_name, "midpool.%e.%p.");
    sink_text(&default_name.sink, report_extension(options->report));
    return write_file(line_string(&default_name));
}

static int
write_stderr(void)
{
    int error = 0;
    int fd;

    if (!is_worth_a_line(snapshot.total.gets))
        return 0;
    fd = stderr_target_open();
    if (fd >= 0)
        error = quiet_write(fd, rendered, render(REPORT_TEXT, fd));
    else if (stderr_target_is_missed())
        error = write_default_file();
    stderr_target_close(fd);
    return error;
}

/*
 * True if report_children:no silences this process: it was forked, or is a
 * program that a reporting process started (environment.h).
 */
static bool
is_silent_child(void)
{
    const struct process *self = process_self();
    bool child = self->forked ||
                 (options->reporter != 0 && options->reporter != self->pid);

    return child && !options->report_children;
}

/*
 * True if no report will be written. Takes no snapshot, which would touch ten
 * pages of memory.
 */
static bool
is_idle(void)
{
    return options->report == REPORT_TEXT && options->report_file[0] == '\0' &&
           !is_worth_a_line(block_sums_gets(pool_page()));
}

static int
write_report(void)
{
    if (options->report_file[0] != '\0')
        return write_file(options->report_file);
    if (options->report == REPORT_TEXT)
        return write_stderr();
    return write_default_file();
}

/*
 * Lets the next report of the family tell of the lost one (unreported.h). A
 * live page keeps the numbers itself.
 */
static void
note_lost(int error)
{
    const struct stats_unreported lost = {
        .processes = 1,
        .gets = snapshot.total.gets,
        .hits = snapshot.total.hits,
        .error = (uint32_t)error,
    };

    if (options->live == OPTION_LIVE_NO)
        unreported_add(&lost);
}

static int
write_wanted(enum exit_report_cause cause)
{
    struct stats_unreported *others = &pool_page()->unreported;
    int error;

    at_exit = cause == EXIT_REPORT_AT_EXIT;
    *others = unreported_take();
    if (is_idle())
        return 0;
    take_snapshot();
    error = write_report();
    if (!at_exit || error != 0)
        unreported_add(others);
    if (at_exit && error != 0)
        note_lost(error);
    return error;
}

int
exit_report_write(enum exit_report_cause cause)
{
    struct call_guard mark;
    int error = EBUSY;

    if (options == NULL || options->report == REPORT_NONE || is_silent_child())
        return 0;
    call_guard_begin(&mark);
    if (begin(cause)) {
        error = write_wanted(cause);
        end();
    }
    call_guard_end(&mark);
    return error;
}

int
exit_report_to_fd(int fd, enum report_format format)
{
    struct call_guard mark;
    int error = EBUSY;

    call_guard_begin(&mark);
    if (begin(EXIT_REPORT_ON_SIGNAL)) {
        at_exit = false;
        take_snapshot();
        error = quiet_write(fd, rendered, render(format, fd));
        end();
    }
    call_guard_end(&mark);
    return error;
}

size_t
exit_report_render(enum report_format format, char *buffer, size_t bytes)
{
    size_t length;

    if (!begin(EXIT_REPORT_ON_SIGNAL))
        return 0;
    at_exit = false;
    take_snapshot();
    snapshot.sites = NULL; /* may be longer than the caller's buffer */
    length = render(format, -1);
    if (length > bytes)
        length = 0;
    memcpy(buffer, rendered, length);
    end();
    return length;
}
