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
 *           At exit, a process with fewer gets than report_min_gets writes no
 *           such text, unless its pools were not active, it freed a buffer
 *           wrongly, or it has lost reports of its family to tell.
 * Failure   A line on stderr says that a report is lost, except in a process
 *           with few gets that changed its user or root directory. The next
 *           report of their family names the forked processes that could not
 *           write (unreported.h).
 * Model     Static buffers; no lock, no allocation, no stdio, no descriptor
 *           left open; keeps errno. A report is one write to a file; a pipe,
 *           socket or terminal gets 4096 bytes at a time. One report is
 *           written at a time: a second caller fails, but the report at exit
 *           waits up to 0.2 s for the first.
 */
#ifndef MIDPOOL_INTERPOSE_EXIT_REPORT_H
#define MIDPOOL_INTERPOSE_EXIT_REPORT_H

#include "options.h"

enum exit_report_cause { EXIT_REPORT_AT_EXIT, EXIT_REPORT_ON_SIGNAL };

/* The effective options; they must stay valid. */
void exit_report_init(const struct options *effective);

/*
 * Writes the report that the options ask for. Returns 0, or an errno value if
 * the report is lost: EBUSY while another report is being written.
 * Async-signal-safe.
 */
int exit_report_write(enum exit_report_cause cause);

/*
 * Writes a report to fd, independent of the options. Returns 0, or an errno
 * value: EBUSY while another report is being written. Async-signal-safe.
 */
int exit_report_to_fd(int fd, enum report_format format);

/*
 * Renders a report without call stacks into the caller's buffer and returns its
 * length; 0 if it does not fit, or while another report is being written.
 * Async-signal-safe.
 */
size_t exit_report_render(enum report_format format, char *buffer,
                          size_t bytes);

/*
 * Makes room in reports for the table of sites; called at start, after
 * sampler_start. If there is no memory, reports leave the table out.
 */
void exit_report_take_sites(void);

/* Called in a forked child, which has written no report yet. */
void exit_report_forked(void);

#endif
