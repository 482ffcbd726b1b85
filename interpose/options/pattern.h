/*
 * pattern.h - the names of report files: text with %-patterns.
 *
 *   %p pid   %P parent's pid   %e executable's name   %h host
 *   %t start time, seconds since 1970   %n number within the process   %%
 */
#ifndef MIDPOOL_INTERPOSE_PATTERN_H
#define MIDPOOL_INTERPOSE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pattern_values {
    int pid;
    int parent;
    int64_t start_seconds;
    uint64_t number;
    const char *executable; /* name or path: its last part counts */
    const char *host;
};

/* Does text hold known patterns only? */
bool pattern_is_valid(const char *text);

/* Does text have a pattern that differs from process to process: %p, %t? */
bool pattern_is_per_process(const char *text);

/*
 * Expands text into an absolute path: a relative one is taken to be in
 * directory. A value cannot lead out of the directory: slashes in it become
 * underscores. 0, or an errno value: ENAMETOOLONG when it does not fit, ENOENT
 * when directory is unknown (empty), EINVAL when text is not valid.
 */
int pattern_expand(const char *text, const char *directory,
                   const struct pattern_values *values, char *out, size_t size);

#endif
