/* process_birth.h - what identifies a process beside its pid: its birth. */
#ifndef MIDPOOL_INTERPOSE_PROCESS_BIRTH_H
#define MIDPOOL_INTERPOSE_PROCESS_BIRTH_H

#include "page.h"

/* The inode of this process's pid namespace; 0: /proc does not tell. */
uint64_t process_pid_namespace(void);

/*
 * The pid namespace and the start time of this process; zeros: /proc does not
 * tell. Async-signal-safe.
 */
struct stats_birth process_birth(void);

#endif
