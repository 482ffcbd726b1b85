/*
 * purge_thread.h - a thread that returns memory while the program is idle
 * (purge_thread:yes). It blocks all signals, so that none of the program's
 * is ever delivered to it, and sleeps between ticks.
 */
#ifndef MIDPOOL_INTERPOSE_PURGE_THREAD_H
#define MIDPOOL_INTERPOSE_PURGE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Starts it; false, and the program goes without, when that fails. Also
 * called in a forked child, which has lost its parent's.
 */
bool purge_thread_start(int64_t decay_ms);

#endif
