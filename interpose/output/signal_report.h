/*
 * signal_report.h - the option signal: writes a report when a signal arrives.
 *
 * A handler that was there before is called afterwards, under its own mask
 * and flags. If the program installs its own handler later, that one replaces
 * this one. An ignored signal, as under nohup, stays ignored, because programs
 * that this one executes inherit that.
 */
#ifndef MIDPOOL_INTERPOSE_SIGNAL_REPORT_H
#define MIDPOOL_INTERPOSE_SIGNAL_REPORT_H

/* Installs the handler. NULL, or a few words why there will be no report. */
const char *signal_report_install(int number);

#endif
