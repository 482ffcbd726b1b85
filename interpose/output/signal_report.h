/*
 * signal_report.h - the option signal: a report whenever it arrives.
 *
 * A handler that was there before is called afterwards, under its own mask
 * and flags. A program that installs its own later takes the signal over, as
 * it would without us. A signal that is ignored, as nohup has it, stays so:
 * programs that this one executes are to inherit that.
 */
#ifndef MIDPOOL_INTERPOSE_SIGNAL_REPORT_H
#define MIDPOOL_INTERPOSE_SIGNAL_REPORT_H

/* NULL, or why there will be no report: a few words. */
const char *signal_report_install(int number);

#endif
