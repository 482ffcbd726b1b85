/*
 * snapshot_main.c - midpool-snapshot FILE|PID...: prints live pages.
 *
 * Purpose   Reads the counters of a process from outside: no signal, no
 *           ptrace, no word with the process, which may long be gone.
 * Several   Of several pages each is one line of JSON, in the order given;
 *           "null" stands for one that can not be read.
 * Exit      0; 2 with one line on stderr when there is no page to print or
 *           it can not be written; 3 when some of several could not be read,
 *           with a line on stderr for each.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "decimal.h"
#include "page_file.h"
#include "proc_usage.h"
#include "report.h"
#include "report_sites.h"
#include "terminal.h"

enum { STATUS_FAILED = 2, STATUS_PARTLY = 3, NS_PER_S = 1000000000 };

static const char usage[] =
    "usage: midpool-snapshot [--format FORMAT] [--all] [--brief] FILE|PID...\n"
    "\n"
    "Prints the statistics of a process that runs, or ran, on midpool with\n"
    "MIDPOOL_CONF=live:yes. FILE is a page under /dev/shm, PID finds its\n"
    "newest one; a file whose name is a number is given as ./NUMBER.\n"
    "Of several, each is one line of JSON; null for one that can not be read.\n"
    "\n"
    "  -f, --format FORMAT  json (default), text, csv or openmetrics\n"
    "  -a, --all            text: a row per size class\n"
    "  -b, --brief          JSON: only totals and pools, without zeros\n"
    "  -h, --help           this\n"
    "  -V, --version        midpool's version\n";

struct arguments {
    enum report_format format;
    bool all;
    bool brief;
    char **subjects;
    int count;
};

static char *rendered; /* of the last page */
static struct stats_snapshot snapshot;

static int
fail(const char *subject, const char *reason)
{
    fprintf(stderr, "midpool-snapshot: %s: %s\n", subject, reason);
    return STATUS_FAILED;
}

static bool
parse_format(const char *name, enum report_format *format)
{
    static const struct {
        const char *name;
        enum report_format format;
    } names[] = {
        {"json", REPORT_JSON},
        {"text", REPORT_TEXT},
        {"csv", REPORT_CSV},
        {"openmetrics", REPORT_OPENMETRICS},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i].name) == 0) {
            *format = names[i].format;
            return true;
        }
    }
    return false;
}

static void
finish(const char *text)
{
    bool failed = fputs(text, stdout) == EOF || fflush(stdout) == EOF;
    exit(failed ? STATUS_FAILED : EXIT_SUCCESS);
}

static bool
parse_arguments(int argc, char **argv, struct arguments *out)
{
    static const struct option options[] = {
        {"format", required_argument, NULL, 'f'},
        {"all", no_argument, NULL, 'a'},
        {"brief", no_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {NULL, 0, NULL, 0},
    };
    *out = (struct arguments){.format = REPORT_JSON};
    int option;
    while ((option = getopt_long(argc, argv, "f:abhV", options, NULL)) != -1) {
        if (option == 'h')
            finish(usage);
        if (option == 'V')
            finish("midpool-snapshot " MIDPOOL_VERSION "\n");
        if (option == 'a')
            out->all = true;
        else if (option == 'b')
            out->brief = true;
        else if (option != 'f')
            return false;
        else if (!parse_format(optarg, &out->format)) {
            fail(optarg, "no format; json, text, csv or openmetrics");
            return false;
        }
    }
    out->subjects = argv + optind;
    out->count = argc - optind;
    if (out->count == 1 || (out->count > 1 && out->format == REPORT_JSON))
        return true;
    fail("usage", "midpool-snapshot [--format FORMAT] [--all] FILE|PID;"
                  " of several only JSON");
    return false;
}

/* The pid that text is, 0 when it is none and therefore a file. */
static int
parse_pid(const char *text)
{
    uint64_t pid;

    if (!decimal_read(text, INT_MAX, &pid, &text) || *text != '\0')
        return 0;
    return (int)pid;
}

static const char *
open_subject(const char *subject, struct page_file *file)
{
    char path[PATH_MAX];
    int pid = parse_pid(subject);
    if (pid == 0)
        return page_file_open(file, subject);
    if (!page_file_find(pid, path, sizeof(path)))
        return "no page of this process; does it run with "
               "MIDPOOL_CONF=live:yes?";
    return page_file_open(file, path);
}

static int64_t
larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The last moment that a page without an end is known to have counted. */
static int64_t
last_sign_of_life(const struct stats_header *page)
{
    int64_t curve;
    if (__builtin_mul_overflow(page->interval_ns, page->intervals, &curve) ||
        __builtin_add_overflow(page->start_monotonic_ns, curve, &curve))
        curve = 0;
    return larger(page->start_monotonic_ns,
                  larger(curve, page->peak_monotonic_ns));
}

/* True if the page's pid identifies the same process for us. */
static bool
shares_namespace(const struct stats_header *page)
{
    struct stat own;
    return stat("/proc/self/ns/pid", &own) == 0 &&
           own.st_ino == page->birth.pid_namespace;
}

static void
take_snapshot(const struct page_file *file)
{
    const struct stats_header *page = file->page;
    bool alive = page_file_in_use(file);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t now_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
    stats_snapshot_take(&snapshot, page,
                        alive ? now_ns : last_sign_of_life(page));
    snapshot.sites = file->sites;
    if (!alive && snapshot.end == STATS_END_RUNNING)
        snapshot.end = STATS_END_UNKNOWN;
    if (alive && shares_namespace(page))
        stats_proc_usage_read(&snapshot, page->pid);
}

static struct report_style
output_style(const struct arguments *arguments)
{
    const struct terminal_variables variables = {
        .lc_all = getenv("LC_ALL"),
        .lc_ctype = getenv("LC_CTYPE"),
        .lang = getenv("LANG"),
        .term = getenv("TERM"),
        .no_color = getenv("NO_COLOR"),
    };
    return (struct report_style){
        .colour = isatty(STDOUT_FILENO) && terminal_takes_colour(&variables),
        .utf8 = terminal_is_utf8(&variables),
        .all = arguments->all,
        .brief = arguments->brief,
        .width = 80,
    };
}

static bool
write_out(const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes += written;
        count -= (size_t)written;
    }
    return true;
}

/* JSON has no line ends but between its parts. */
static void
join_lines(char *text, size_t length)
{
    for (size_t i = 0; i + 1 < length; i++)
        if (text[i] == '\n')
            text[i] = ' ';
}

/* Room for a rendering of the page. */
static size_t
make_room(const struct page_file *file)
{
    size_t bytes = REPORT_MAX_BYTES;
    if (file->sites)
        bytes += report_sites_bytes(file->sites);
    free(rendered);
    rendered = malloc(bytes);
    return rendered ? bytes : 0;
}

/* The length of the rendering; 0, after a line on stderr, without a page. */
static size_t
render(const char *subject, const struct arguments *arguments)
{
    struct report_style style = output_style(arguments);
    struct page_file file;
    const char *fault = open_subject(subject, &file);
    if (fault) {
        fail(subject, fault);
        return 0;
    }
    take_snapshot(&file);
    size_t room = make_room(&file); /* before rendered is looked at */
    size_t length =
        report_render(arguments->format, &style, &snapshot, rendered, room);
    page_file_close(&file);
    if (length == 0)
        fail(subject, strerror(ENOMEM));
    if (arguments->count > 1)
        join_lines(rendered, length);
    return length;
}

int
main(int argc, char **argv)
{
    static const char none[] = "null\n";
    struct arguments arguments;
    int status = EXIT_SUCCESS;
    if (!parse_arguments(argc, argv, &arguments))
        return STATUS_FAILED;
    for (int i = 0; i < arguments.count; i++) {
        size_t length = render(arguments.subjects[i], &arguments);
        if (length == 0 && arguments.count == 1)
            return STATUS_FAILED;
        if (length == 0)
            status = STATUS_PARTLY;
        if (!(length == 0 ? write_out(none, sizeof(none) - 1)
                          : write_out(rendered, length)))
            return fail("standard output", strerror(errno));
    }
    return status;
}
