/*
 * exit_report.h - writes reports, and chooses their destination.
 *
 * Purpose   Takes a snapshot of the statistics page, renders it and writes it
 *           to the place that the options name: at exit, on a signal, on a
 *           call.
 * Where     To report_file, if it is given. Otherwise text goes to the
 *           program's stderr (stderr_target.h), and other formats to
 *           midpool.%e.%p.EXT in the directory in which the program was
 *           started. If stderr is lost (a daemon's), text goes there as well.
 *           Neither is written at exit by a process with fewer gets than
 *           report_min_gets, unless its pools were not active or it freed a
 *           buffer wrongly.
 * Failure   A line on stderr, except from a process with few gets that changed
 *           its user or root directory. The next report of their family names
 *           forked processes that could not write (unreported.h).
 * Model     Static buffers; no lock, no allocation, no stdio, no descriptor
 *           left open; keeps errno. One write, unless a pipe or terminal takes
 *           only 4096 bytes at once. One report at a time: a second caller
 *           fails, except that the one at exit waits a little.
 */
#ifndef MIDPOOL_INTERPOSE_EXIT_REPORT_H
#define MIDPOOL_INTERPOSE_EXIT_REPORT_H

#include "options.h"

enum exit_report_cause { EXIT_REPORT_AT_EXIT, EXIT_REPORT_ON_SIGNAL };

/* The effective options; they must stay valid. */
void exit_report_init(const struct options *effective);

/*
 * Writes the report that the options ask for. 0, or the errno value for which
 * it is lost: also EBUSY, while another is being written. Async-signal-safe.
 */
int exit_report_write(enum exit_report_cause cause);

/*
 * Writes a report to fd, independent of the options. 0, or an errno value:
 * EBUSY while another report is being written. Async-signal-safe.
 */
int exit_report_to_fd(int fd, enum report_format format);

/*
 * Renders a report into the caller's buffer and returns its length; 0 while
 * another is being written, or if there is no room. Async-signal-safe.
 */
size_t exit_report_render(enum report_format format, char *buffer,
                          size_t bytes);

/*
 * At start, once the table of sites is there: makes room for it in reports.
 * Without memory they go without.
 */
void exit_report_take_sites(void);

/* In a forked child. */
void exit_report_forked(void);

#endif
