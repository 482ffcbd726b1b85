/*
 * purge_thread.h - a thread that returns memory while the program is idle
 * (purge_thread:yes).
 *
 * It blocks all signals, so that none of the program's is ever delivered to it,
 * and sleeps between ticks. A forked child has no such thread, just as it has
 * none of jemalloc's background threads; its memory is returned at its calls.
 * Many children enter a sandbox, for which they must have only one thread, and
 * at no later moment can the library start a thread safely: an allocation may
 * come from within dlopen or pthread_create.
 */
#ifndef MIDPOOL_INTERPOSE_PURGE_THREAD_H
#define MIDPOOL_INTERPOSE_PURGE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* Starts the thread. False: that failed, and the program has none. */
bool purge_thread_start(int64_t decay_ms);

#endif
