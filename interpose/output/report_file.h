/*
 * report_file.h - writes a report to a file, whole or not at all.
 *
 * The bytes go to a temporary file beside the wanted name (never through a
 * symbolic link), which then takes the name if it is free. If another process's
 * report has it, the next free numbered name is used (numbered_name.h). An
 * earlier report of this process under the name is replaced, so that a file
 * written on a signal stays one file, unless it was changed since then.
 *
 * A collector reads a folder again and again, as another user. A report for it
 * replaces an older file whose first bytes equal its own. The caller says how
 * many bytes are compared: few, to replace a report of any process, or more, to
 * replace one of this process only, of which a collector must not find two.
 * Other files are never replaced: the report then gets a numbered name with the
 * same ending, which a collector of *.prom reads, too.
 *
 * If the name is that of a terminal, a device or a pipe, or means a descriptor
 * (/dev/stderr, /dev/fd/5), the report is written to it directly.
 */
#ifndef MIDPOOL_INTERPOSE_REPORT_FILE_H
#define MIDPOOL_INTERPOSE_REPORT_FILE_H

#include <stddef.h>

enum report_file_use {
    REPORT_FILE_KEPT,      /* mode 0600: for its owner */
    REPORT_FILE_COLLECTED, /* mode 0644, as far as the umask allows */
};

struct report_file_text {
    const char *bytes;
    size_t length;
    /*
     * An older file is replaced if this many of its first bytes are the same.
     * 0, or more than REPORT_FILE_BEGINNING_MAX: none is replaced.
     */
    size_t beginning;
};

enum { REPORT_FILE_BEGINNING_MAX = 1024 };

/*
 * Writes text to path, which is absolute. Returns 0 or an errno value. No
 * descriptor stays open; errno is kept. Not reentrant: the caller makes one
 * call at a time. Async-signal-safe.
 */
int report_file_write(const char *path, enum report_file_use use,
                      const struct report_file_text *text);

/* Called in a forked child, which must not replace its parent's files. */
void report_file_forked(void);

#endif
