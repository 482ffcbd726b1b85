/*
 * signal_report.h - the option signal: a report whenever it arrives.
 *
 * A handler that was there before is called afterwards, under its own mask
 * and flags. A program that installs its own later takes the signal over, as
 * it would without this library. An ignored signal, as under nohup, stays
 * ignored, because programs that this one executes inherit that.
 */
#ifndef MIDPOOL_INTERPOSE_SIGNAL_REPORT_H
#define MIDPOOL_INTERPOSE_SIGNAL_REPORT_H

/* NULL, or why there will be no report: a few words. */
const char *signal_report_install(int number);

#endif
