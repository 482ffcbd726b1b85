/* process_birth.h - the kernel's marks of a process's start. */
#ifndef MIDPOOL_INTERPOSE_PROCESS_BIRTH_H
#define MIDPOOL_INTERPOSE_PROCESS_BIRTH_H

#include "page.h"

/* The inode of this process's pid namespace; 0 where /proc can not tell. */
uint64_t process_pid_namespace(void);

/* Of this process; zeros where /proc can not tell. Async-signal-safe. */
struct stats_birth process_birth(void);

#endif
