/* directory.c - see directory.h. */
#include "directory.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Small: the buffer lies on the caller's stack, which may be a signal's. */
enum { ENTRIES_BYTES = 1024 };

void
directory_each(int directory, directory_visitor *visit, void *context)
{
    char entries[ENTRIES_BYTES] __attribute__((aligned(8)));
    bool more = true;
    long bytes;

    while (more && (bytes = syscall(SYS_getdents64, directory, entries,
                                    sizeof entries)) > 0) {
        for (long at = 0; at < bytes && more;) {
            const struct dirent64 *entry =
                (const struct dirent64 *)(entries + at);

            more = visit(context, entry->d_name);
            at += entry->d_reclen;
        }
    }
}
