/*
 * process_name.h - the name of the process's program, and its file.
 *
 * Users look for the name that they typed: redis-server, though Debian's is a
 * link to redis-check-rdb, and PROGRAM, though the kernel was told to run
 * "ld.so PROGRAM". A file without a name (deleted, of a memfd, out of a mount
 * that is nowhere) has the name that its process was given.
 */
#ifndef MIDPOOL_INTERPOSE_PROCESS_NAME_H
#define MIDPOOL_INTERPOSE_PROCESS_NAME_H

enum { PROCESS_NAME_BYTES = 512 };

struct process_name {
    /* A path, or a mere name; its last part is never empty. */
    char executable[PROCESS_NAME_BYTES];
    /* The file that runs; empty where its last part is executable's. */
    char file[PROCESS_NAME_BYTES];
};

/*
 * Fills in both. directory is the working one, or empty. Reads /proc/self; more
 * than one link of it only where the file's name is not the one typed.
 */
void process_name_find(struct process_name *out, const char *directory);

/* The path of the file that runs, be its name the one typed or not. */
const char *process_name_file(const struct process_name *name);

#endif
