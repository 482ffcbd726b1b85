/*
 * process.h - the identity of the process, for reports and pages.
 *
 * It is determined once, in the constructor, and updated in a forked child.
 * Static storage; nothing allocates.
 */
#ifndef MIDPOOL_INTERPOSE_PROCESS_H
#define MIDPOOL_INTERPOSE_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "page.h"
#include "process_name.h"

/* Identifies the root directory. */
struct process_root {
    dev_t device;
    ino_t inode;
};

struct process {
    int pid;
    int parent;
    int session;
    uint32_t generation;    /* 1, and one more after each exec */
    bool forked;            /* since this program's start */
    uint64_t pid_namespace; /* 0: unknown */
    int64_t start_unix_ns;
    int64_t start_monotonic_ns;
    struct process_root root;
    struct process_name name;
    char build_id[48];
    char host[72];
    char directory[PATH_MAX]; /* the working one at start; empty: unknown */
};

/* Never NULL; zeros until process_identify. */
const struct process *process_self(void);

/*
 * Notes the time of the start, if process_identify is called much later
 * (postponed.h). Makes system calls only.
 */
void process_note_start(void);

/* Determines the identity. Thread: the constructor's. */
void process_identify(void);

/* Called in a forked child: updates the identity. */
void process_forked(void);

void process_set_generation(uint32_t generation);

/*
 * True if the caller is the process that was identified, or if a filter forbids
 * the check. False in a child of vfork or of a bare clone, which must not touch
 * its parent's page.
 */
bool process_is_self(void);

/*
 * True if the process changed its user or root directory since the program's
 * start, as a server's workers do. False if a filter forbids the check.
 */
bool process_was_confined(void);

/* True if it left the session of the program's start, as a daemon does. */
bool process_left_session(void);

/* True if the parent of the start or of the fork is known to be alive. */
bool process_has_parent(void);

/* Writes the identity into the page's header. */
void process_describe(struct stats_header *page);

/* Marks the header as complete: readers trust it from now on. */
void process_publish(struct stats_header *page);

int64_t process_clock_ns(void); /* CLOCK_MONOTONIC */

#endif
