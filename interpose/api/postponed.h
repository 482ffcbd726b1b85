/*
 * postponed.h - start-up in programs that were built with a sanitizer.
 *
 * Purpose   A sanitizer's runtime interposes hundreds of libc's functions, and
 *           this library's constructor runs before that runtime is set up: a
 *           call of pthread_setcancelstate or dlsym ends the process there.
 *           The pools serve nothing in such a program. The constructor only
 *           notes facts that cannot be found out later; the rest of start-up
 *           is done at exit.
 * Model     Of libc, only syscall and getauxval are called, which no sanitizer
 *           interposes. The noted facts are the process, its start, and the
 *           file behind descriptor 2.
 */
#ifndef MIDPOOL_INTERPOSE_POSTPONED_H
#define MIDPOOL_INTERPOSE_POSTPONED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Must start-up wait for the exit? malloc is the address of the one in force
 * (struct in_force). The answer is the same at any time.
 */
bool postponed_is_needed(uintptr_t malloc);

/* In the constructor, where start-up has to wait. */
void postponed_note(char **entries);

/* The environment that was noted. */
char **postponed_entries(void);

/* Is the caller the process that was noted, not a child of it? */
bool postponed_is_same_process(void);

/* Is descriptor 2 still the file that it was at the start? */
bool postponed_is_same_stderr(void);

#endif
