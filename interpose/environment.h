/*
 * environment.h - what is read of the environment, once.
 *
 * The variables are copied when they are first there (libc sets environ
 * before constructors run, but after ld.so's first allocations): what the
 * program or another library's constructor does to its environment later
 * makes no difference. In a process with raised privileges (AT_SECURE) the
 * environment counts as empty.
 */
#ifndef MIDPOOL_INTERPOSE_ENVIRONMENT_H
#define MIDPOOL_INTERPOSE_ENVIRONMENT_H

#include <stdbool.h>

enum { ENVIRONMENT_CONF_BYTES = 4096 };

/*
 * Copies what there is to copy; false while environ is not set yet. Later
 * calls do nothing. Thread: before the program's threads start.
 */
bool environment_read(void);

/* MIDPOOL_CONF, empty when unset, and whether it had to be cut. */
const char *environment_conf(void);
bool environment_conf_was_cut(void);

/* Does the locale's name end in UTF-8? Is a terminal's colour welcome? */
bool environment_is_utf8(void);
bool environment_wants_colour(void);

/* Raised privileges: no options, no files. */
bool environment_is_secure(void);

/*
 * For report_children:no: changes MIDPOOL_CONF in the environment that
 * children will get, so that they know that pid reports for them. No effect
 * where the variable is unset.
 */
void environment_mark(int pid);

#endif
