/*
 * report_file.h - a report becomes a file, whole or not at all.
 *
 * The bytes go to a temporary file beside the wanted name (never through a
 * symbolic link), which then takes the name if it is free. If another process's
 * report has it, the next free numbered name is used (numbered_name.h). An
 * earlier report of this process under the name is replaced, so that a file
 * written on a signal stays one file, unless it was changed since then.
 *
 * A collector reads a folder, again and again, and as another user. A report
 * for it replaces an older file that begins as the new one does, for as many
 * bytes as the caller says: a report of any process, or one of this process
 * only, which a collector must not find twice. Other files are never
 * replaced: the report then gets a numbered name with the same ending, which
 * a collector of *.prom reads, too.
 *
 * A terminal, a device or a pipe that has the name is written to directly,
 * and so is the descriptor that a name as /dev/stderr or /dev/fd/5 means.
 */
#ifndef MIDPOOL_INTERPOSE_REPORT_FILE_H
#define MIDPOOL_INTERPOSE_REPORT_FILE_H

#include <stddef.h>

enum report_file_use {
    REPORT_FILE_KEPT,      /* for its owner */
    REPORT_FILE_COLLECTED, /* for all that the umask allows */
};

struct report_file_text {
    const char *bytes;
    size_t length;
    /*
     * An older file is replaced if this many of its first bytes are the same;
     * 0: none is replaced. More than REPORT_FILE_BEGINNING_MAX is like 0.
     */
    size_t beginning;
};

enum { REPORT_FILE_BEGINNING_MAX = 1024 };

/*
 * 0, or an errno value. path is absolute. No descriptor stays open; errno is
 * kept. Not reentrant; the caller sees to that. Async-signal-safe.
 */
int report_file_write(const char *path, enum report_file_use use,
                      const struct report_file_text *text);

/* In a forked child: the parent's files are not ours. */
void report_file_forked(void);

#endif
