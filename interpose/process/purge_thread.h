/*
 * purge_thread.h - a thread that returns memory while the program is idle
 * (purge_thread:yes). It blocks all signals, so that none of the program's
 * is ever delivered to it, and sleeps between ticks. A forked child has none,
 * as it has none of jemalloc's background threads: many children make a
 * sandbox of themselves, for which they must have one thread, and no later
 * moment at which the library could start one is safe (an allocation may come
 * from within dlopen or pthread_create). There memory is returned by calls.
 */
#ifndef MIDPOOL_INTERPOSE_PURGE_THREAD_H
#define MIDPOOL_INTERPOSE_PURGE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* Starts it; false, and the program goes without, when that fails. */
bool purge_thread_start(int64_t decay_ms);

#endif
