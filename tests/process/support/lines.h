/*
 * lines.h - threads that read lines of 50,000 bytes without pause.
 *
 * getdelim's buffer grows through the band while it holds its stream's lock.
 */
#ifndef TESTS_PRELOAD_LINES_H
#define TESTS_PRELOAD_LINES_H

/* Starts count threads that read one stream until lines_stop, which joins. */
void lines_start(unsigned count);
void lines_stop(void);

#endif
