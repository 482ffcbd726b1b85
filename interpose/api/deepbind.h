/*
 * deepbind.h - dlopen and dlmopen without RTLD_DEEPBIND.
 *
 * Purpose   A library that is opened with RTLD_DEEPBIND binds free to libc.
 *           Memory from midpool that it frees, also that of libc's strdup,
 *           then reaches libc's free, and the process aborts. PHP and
 *           FreeRADIUS open their extensions so. The exported dlopen and
 *           dlmopen remove that flag and call the functions behind them.
 * Model     Both are a few instructions of assembly that end in a jump, so
 *           that the caller's return address stays: the dynamic linker finds
 *           the caller's RUNPATH and $ORIGIN by it.
 */
#ifndef MIDPOOL_INTERPOSE_DEEPBIND_H
#define MIDPOOL_INTERPOSE_DEEPBIND_H

#include <stdbool.h>

/*
 * Looks for the functions behind the exported ones: at start, since dlsym
 * allocates; otherwise the first dlopen does.
 */
void deepbind_find_next(void);

/*
 * Sets whether the flag is removed; it is not until this is called. Thread: the
 * constructor's.
 */
void deepbind_configure(bool strip);

#endif
