/*
 * live_room.h - limits how much of /dev/shm the live pages take.
 *
 * Purpose   /dev/shm is often small (64 MB in a container), and a program
 *           that maps a file there dies of SIGBUS when there is no room for
 *           a page of it. The pages of all processes together therefore take
 *           at most a tenth of the file system, and never its last bytes.
 * Model     When a program starts, the sweep counts the bytes of all pages
 *           (live_sweep.h). From then on any growth of the used space is
 *           attributed to pages, so that one statfs suffices. Forked children
 *           inherit the numbers. A file system without a limit has room.
 * Thread    live_room_start: the constructor's. live_room_has: any.
 */
#ifndef MIDPOOL_INTERPOSE_LIVE_ROOM_H
#define MIDPOOL_INTERPOSE_LIVE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A tenth of the file system in bytes; UINT64_MAX if it has no limit. */
uint64_t live_room_tenth(void);

/* Notes the bytes that the pages of all processes have now. */
void live_room_start(uint64_t pages_bytes);

/*
 * True if the pages may take this many more bytes; otherwise errno tells the
 * reason. Async-signal-safe.
 */
bool live_room_has(size_t bytes);

#endif
