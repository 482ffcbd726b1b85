/*
 * environment.h - the variables of the environment that the library reads.
 *
 * Everything is copied: later changes of the environment by the program make no
 * difference. It is read twice. The first allocation may come so early that
 * there is none yet, or after another library's constructor changed it; the
 * constructor is given the one that the process was started with. In a process
 * with raised privileges (AT_SECURE) the environment counts as empty.
 */
#ifndef MIDPOOL_INTERPOSE_ENVIRONMENT_H
#define MIDPOOL_INTERPOSE_ENVIRONMENT_H

#include <stdbool.h>

enum { ENVIRONMENT_CONF_BYTES = 4096 };

/*
 * Copies the needed variables of entries, a list of "NAME=value" that ends in
 * NULL; false, with nothing changed, when it is NULL itself. Thread: before the
 * program's threads start.
 */
bool environment_read(char *const *entries);

/* MALLOC_CONF, jemalloc's options; empty when unset. */
const char *environment_backend_conf(void);

/* MIDPOOL_CONF, empty when unset, and whether it had to be cut. */
const char *environment_conf(void);
bool environment_conf_was_cut(void);

/* Does the locale's name end in UTF-8? Is a terminal's colour welcome? */
bool environment_is_utf8(void);
bool environment_wants_colour(void);

/* Raised privileges: no options, no files. */
bool environment_is_secure(void);

/*
 * For report_children:no: changes MIDPOOL_CONF in entries, the environment
 * that children will get, so that they know that pid reports for them. No
 * effect where the variable is unset.
 */
void environment_mark(char **entries, int pid);

#endif
