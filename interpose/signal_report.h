/*
 * signal_report.h - the option signal: a report whenever it arrives.
 *
 * A handler that was there before is called afterwards. A program that
 * installs its own later takes the signal over, as it would without us.
 */
#ifndef MIDPOOL_INTERPOSE_SIGNAL_REPORT_H
#define MIDPOOL_INTERPOSE_SIGNAL_REPORT_H

#include <stdbool.h>

/* False when the handler could not be installed. */
bool signal_report_install(int number);

#endif
