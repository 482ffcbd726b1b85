/*
 * process.h - the identity of the process, for reports and pages.
 *
 * Found out in the constructor, once, and brought up to date in a forked
 * child. Static storage; nothing allocates.
 */
#ifndef MIDPOOL_INTERPOSE_PROCESS_H
#define MIDPOOL_INTERPOSE_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "page.h"
#include "process_name.h"

/* The file that the root directory is. */
struct process_root {
    dev_t device;
    ino_t inode;
};

struct process {
    int pid;
    int parent;
    int session;
    uint32_t generation;    /* programs that this pid has been, 1 and up */
    bool forked;            /* since the program started, without an exec */
    uint64_t pid_namespace; /* 0: unknown */
    int64_t start_unix_ns;
    int64_t start_monotonic_ns;
    struct process_root root;
    struct process_name name;
    char build_id[48];
    char host[72];
    char directory[PATH_MAX]; /* working one at start; empty: had no name */
};

/* Never NULL; zeros until process_identify. */
const struct process *process_self(void);

/*
 * Notes the start's time by system calls alone, where process_identify comes
 * much later (postponed.h).
 */
void process_note_start(void);

/* In the constructor. */
void process_identify(void);

/* In a forked child. */
void process_forked(void);

void process_set_generation(uint32_t generation);

/*
 * Is the caller the process that was identified? No in a child of vfork or of a
 * bare clone, which must leave its parent's page alone. Assumed if a filter
 * forbids the check.
 */
bool process_is_self(void);

/*
 * Did it change its user or root directory since the program's start, as a
 * server's workers do? False if a filter forbids the check.
 */
bool process_was_confined(void);

/* Is it in another session than the program was at its start, as daemons? */
bool process_left_session(void);

/* Does the parent of the start, or of the fork, live and known to do so? */
bool process_has_parent(void);

/* Writes it all into the page's header. */
void process_describe(struct stats_header *page);

/* Marks the header as complete: a reader may trust it from now on. */
void process_publish(struct stats_header *page);

int64_t process_clock_ns(void); /* CLOCK_MONOTONIC */

#endif
