/*
 * live_path.h - where the pages of live processes are.
 *
 *   /dev/shm/midpool.<uid>.<pid>.<generation>
 *
 * in decimal: the effective user id of the process that made the file, its
 * pid, and the number of the program within the pid (by exec), so that the
 * highest is the newest. The file holds the statistics page (page.h) and
 * nothing else, belongs to the user and is not readable by others.
 */
#ifndef MIDPOOL_STATS_LIVE_PATH_H
#define MIDPOOL_STATS_LIVE_PATH_H

#define LIVE_DIRECTORY "/dev/shm"
#define LIVE_NAME_PREFIX "midpool."
#define LIVE_PREFIX LIVE_DIRECTORY "/" LIVE_NAME_PREFIX

#endif
