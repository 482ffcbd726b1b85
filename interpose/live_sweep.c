/*
 * live_sweep.c - see live_sweep.h.
 *
 * When a process died is written nowhere. So the first sweep that meets a
 * page without its process sets the file's access time to a mark and its
 * modification time to now; later ones go by that. Reading the file may
 * undo the mark: then its hour starts again.
 */
#include "live_sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "live_path.h"
#include "option_value.h"
#include "page.h"
#include "process_age.h"

enum {
    KEPT_SECONDS = 3600,
    CROWDED_SECONDS = 10, /* what is kept when there are too many */
    CROWD = 256,
    MARK_SECONDS = 1, /* access time of a page met dead */
};

struct sweep {
    int directory;
    int pid;
    time_t now;
    unsigned dead;
    uint32_t next_generation;
};

struct page_file {
    const char *name;
    int pid;
    uint32_t generation;
    struct stat status;
};

/* Reads "midpool.<uid>.<pid>.<generation>" of this user. */
static bool
parse_name(const char *name, struct page_file *out)
{
    static const char prefix[] = LIVE_NAME_PREFIX;
    uint64_t uid;
    uint64_t pid;
    uint64_t generation;
    const char *at = name;

    if (strncmp(at, prefix, sizeof prefix - 1) != 0)
        return false;
    at += sizeof prefix - 1;
    if (!option_number(at, UINT32_MAX, &uid, &at) || *at++ != '.' ||
        !option_number(at, INT32_MAX, &pid, &at) || *at++ != '.' ||
        !option_number(at, INT32_MAX, &generation, &at) || *at != '\0')
        return false;
    out->name = name;
    out->pid = (int)pid;
    out->generation = (uint32_t)generation;
    return uid == geteuid();
}

/*
 * A page under our own pid: of the program before the exec, or of an older
 * process that had the pid. True for the former, which is marked.
 */
static bool
take_over(const struct sweep *sweep, const struct page_file *file)
{
    static const uint32_t exec = STATS_END_EXEC;
    int64_t start = 0;
    uint32_t end = STATS_END_EXIT;
    int fd = openat(sweep->directory, file->name,
                    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return false;
    if (pread(fd, &start, sizeof start,
              offsetof(struct stats_header, start_unix_ns)) < 0 ||
        start < process_age_start_unix_ns()) {
        close(fd);
        return false;
    }
    if (pread(fd, &end, sizeof end, offsetof(struct stats_header, end)) ==
            sizeof end &&
        end == STATS_END_RUNNING &&
        pwrite(fd, &exec, sizeof exec, offsetof(struct stats_header, end)) < 0)
        end = STATS_END_RUNNING; /* it stays as it is */
    close(fd);
    return true;
}

static void
mark_dead(const struct sweep *sweep, const struct page_file *file)
{
    struct timespec times[2] = {{.tv_sec = MARK_SECONDS},
                                {.tv_sec = sweep->now}};

    utimensat(sweep->directory, file->name, times, AT_SYMLINK_NOFOLLOW);
}

static void
visit_dead(struct sweep *sweep, const struct page_file *file)
{
    time_t limit = sweep->dead > CROWD ? CROWDED_SECONDS : KEPT_SECONDS;

    sweep->dead++;
    if (file->status.st_atim.tv_sec != MARK_SECONDS)
        mark_dead(sweep, file);
    else if (sweep->now - file->status.st_mtim.tv_sec > limit)
        unlinkat(sweep->directory, file->name, 0);
}

static void
visit(struct sweep *sweep, const char *name)
{
    struct page_file file;

    if (!parse_name(name, &file) ||
        fstatat(sweep->directory, name, &file.status, AT_SYMLINK_NOFOLLOW) !=
            0 ||
        !S_ISREG(file.status.st_mode) || file.status.st_uid != geteuid())
        return;
    if (file.pid != sweep->pid) {
        if (kill(file.pid, 0) != 0 && errno == ESRCH)
            visit_dead(sweep, &file);
    } else if (take_over(sweep, &file)) {
        if (file.generation >= sweep->next_generation)
            sweep->next_generation = file.generation + 1;
    } else {
        unlinkat(sweep->directory, name, 0);
    }
}

/* readdir would allocate. */
static void
visit_all(struct sweep *sweep)
{
    static char entries[4096] __attribute__((aligned(8)));
    long bytes;

    while ((bytes = syscall(SYS_getdents64, sweep->directory, entries,
                            sizeof entries)) > 0) {
        for (long at = 0; at < bytes;) {
            const struct dirent64 *entry =
                (const struct dirent64 *)(entries + at);

            visit(sweep, entry->d_name);
            at += entry->d_reclen;
        }
    }
}

uint32_t
live_sweep(int pid)
{
    struct sweep sweep = {
        .directory = open(LIVE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .pid = pid,
        .now = time(NULL),
        .next_generation = 1,
    };

    if (sweep.directory < 0)
        return sweep.next_generation;
    visit_all(&sweep);
    close(sweep.directory);
    return sweep.next_generation;
}
