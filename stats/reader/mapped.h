/*
 * mapped.h - whether a process maps a file (midpool-snapshot only).
 */
#ifndef MIDPOOL_STATS_MAPPED_H
#define MIDPOOL_STATS_MAPPED_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * True if the file is among the process's mappings, which no other process can
 * fake; false also if those can not be read.
 */
bool mapped_by(int pid, dev_t device, ino_t inode);

#endif
