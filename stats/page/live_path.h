/*
 * live_path.h - the files of live pages, and their lock.
 *
 *   /dev/shm/midpool.<uid>.<pid>.<generation>
 *
 * in decimal: the effective user id of the process that made the file, its
 * pid, and the number of the program within the pid (by exec), so that the
 * highest is the newest. The file holds the statistics page (page.h) and
 * nothing else, belongs to the user and is not readable by others.
 *
 * If PID namespaces share /dev/shm, a pid does not identify a process: two
 * processes may have the same one, and the reader may not see the process. The
 * file therefore has a lock that belongs to an open file description (fcntl(2),
 * "Open file description locks"). The mapping of the page keeps that
 * description, and with it the lock, after the descriptor was closed: the file
 * is locked as long as a process counts into it.
 */
#ifndef MIDPOOL_STATS_LIVE_PATH_H
#define MIDPOOL_STATS_LIVE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#define LIVE_DIRECTORY "/dev/shm"
#define LIVE_NAME_PREFIX "midpool."
#define LIVE_PREFIX LIVE_DIRECTORY "/" LIVE_NAME_PREFIX

struct live_name {
    uint32_t uid;
    int32_t pid;
    uint32_t generation;
};

/* Reads "midpool.<uid>.<pid>.<generation>", the name without directory. */
bool live_name_parse(const char *name, struct live_name *out);

/*
 * Locks a file that is not mapped yet; a mapping made through fd keeps
 * the lock. At best effort: some sandboxes have no such locks.
 */
void live_lock(int fd);

/* True if a process holds the lock. Takes none. */
bool live_is_locked(int fd);

#endif
