/* process_birth.h - what the kernel tells a process's coming into being by. */
#ifndef MIDPOOL_INTERPOSE_PROCESS_BIRTH_H
#define MIDPOOL_INTERPOSE_PROCESS_BIRTH_H

#include "page.h"

/* The inode of this process's pid namespace; 0 where /proc can not tell. */
uint64_t process_pid_namespace(void);

/* Of this process; zeros where /proc can not tell. Async-signal-safe. */
struct stats_birth process_birth(void);

#endif
