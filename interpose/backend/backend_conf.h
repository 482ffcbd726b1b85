/*
 * backend_conf.h - options for jemalloc.
 *
 * Model     The user's (MALLOC_CONF) come on top of those of the program (its
 *           variable malloc_conf), and these on top of those that midpool
 *           ships. After jemalloc's first allocation they have no effect.
 */
#ifndef MIDPOOL_INTERPOSE_BACKEND_CONF_H
#define MIDPOOL_INTERPOSE_BACKEND_CONF_H

#include <stdbool.h>

enum { BACKEND_CONF_BYTES = 1024 };

/*
 * Hands the options on to jemalloc. conf: those of the environment, or NULL;
 * options of BACKEND_CONF_BYTES and more are ignored. Call it before any
 * allocation, while the process has one thread.
 */
void backend_set_conf(const char *conf);

/* Does the user or the program set the option of that key ("thp:")? */
bool backend_conf_names(const char *key);

#endif
