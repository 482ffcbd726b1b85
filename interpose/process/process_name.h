/*
 * process_name.h - the name of the process's program, and its file.
 *
 * Users look for the name that they typed: redis-server, although Debian's is a
 * link to redis-check-rdb, and PROGRAM, although the kernel was told to run
 * "ld.so PROGRAM". If the file has no name (that of a memfd, or one that never
 * had a name), the name is the one that the process was given.
 */
#ifndef MIDPOOL_INTERPOSE_PROCESS_NAME_H
#define MIDPOOL_INTERPOSE_PROCESS_NAME_H

enum { PROCESS_NAME_BYTES = 512 };

struct process_name {
    /* A path, or a name alone; its last part is never empty. */
    char executable[PROCESS_NAME_BYTES];
    /* The file that runs; empty if its last part is that of executable. */
    char file[PROCESS_NAME_BYTES];
};

/*
 * Fills in both. directory is the working directory, or empty. Reads one link
 * in /proc/self, and more only if the file's name is not the one typed.
 */
void process_name_find(struct process_name *out, const char *directory);

/* The path of the file that runs, also if that has the name typed. */
const char *process_name_file(const struct process_name *name);

#endif
