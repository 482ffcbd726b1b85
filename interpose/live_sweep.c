/*
 * live_sweep.c - see live_sweep.h.
 *
 * When a process died is written nowhere. So the first sweep that meets a
 * page without its process sets the file's access time to a mark and its
 * modification time to now; later ones go by that. Reading the file may
 * undo the mark: then its hour starts again.
 *
 * Containers may share /dev/shm and each have a process 7. So a pid that
 * lives keeps a page, but one that does not is no proof: what is locked
 * (live_path.h) stays. Among pages under our own pid, the process's birth
 * tells those of the programs it was before.
 */
#include "live_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "directory.h"
#include "live_path.h"

enum {
    KEPT_SECONDS = 3600,
    CROWDED_SECONDS = 10, /* what is kept when there are too many */
    CROWD = 256,
    MARK_SECONDS = 1, /* access time of a page met dead */
};

struct sweep {
    int directory;
    int pid;
    struct stats_birth birth;
    time_t now;
    unsigned dead;
    uint32_t next_generation;
};

struct page_file {
    int fd;
    const char *name;
    struct live_name parsed;
    struct stat status;
};

/* Opens a page of this user's. Its access time, a mark, is kept. */
static bool
open_page(const struct sweep *sweep, const char *name, struct page_file *out)
{
    out->name = name;
    if (!live_name_parse(name, &out->parsed) || out->parsed.uid != geteuid())
        return false;
    out->fd = openat(sweep->directory, name,
                     O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
    if (out->fd < 0)
        return false;
    if (fstat(out->fd, &out->status) == 0 && S_ISREG(out->status.st_mode) &&
        out->status.st_uid == geteuid())
        return true;
    close(out->fd);
    return false;
}

static void
mark_dead(const struct sweep *sweep, const struct page_file *file)
{
    struct timespec times[2] = {{.tv_sec = MARK_SECONDS},
                                {.tv_sec = sweep->now}};

    futimens(file->fd, times);
}

static void
visit_unlocked(struct sweep *sweep, const struct page_file *file)
{
    time_t limit = sweep->dead > CROWD ? CROWDED_SECONDS : KEPT_SECONDS;

    sweep->dead++;
    if (file->status.st_atim.tv_sec != MARK_SECONDS)
        mark_dead(sweep, file);
    else if (sweep->now - file->status.st_mtim.tv_sec > limit)
        unlinkat(sweep->directory, file->name, 0);
}

static void
visit_others(struct sweep *sweep, const struct page_file *file)
{
    bool lives = kill(file->parsed.pid, 0) == 0 || errno != ESRCH;

    if (!lives && !live_is_locked(file->fd))
        visit_unlocked(sweep, file);
}

/* What an exec ended was still running, or had come to its end. */
static void
mark_ended(const struct page_file *file)
{
    static const uint32_t exec = STATS_END_EXEC;
    static const off_t place = offsetof(struct stats_header, end);
    uint32_t end;

    if (pread(file->fd, &end, sizeof end, place) == sizeof end &&
        end == STATS_END_RUNNING)
        (void)!pwrite(file->fd, &exec, sizeof exec, place);
}

/*
 * A page under our own pid: of the program before an exec, of a process that
 * had the pid earlier, or of another namespace's.
 */
static void
visit_own_pid(struct sweep *sweep, const struct page_file *file)
{
    static const off_t place = offsetof(struct stats_header, birth);
    const struct stats_birth *own = &sweep->birth;
    struct stats_birth birth = {0};
    bool known = pread(file->fd, &birth, sizeof birth, place) == sizeof birth &&
                 birth.pid_namespace == own->pid_namespace &&
                 birth.pid_namespace != 0;

    if (known && birth.start_ticks != own->start_ticks) {
        unlinkat(sweep->directory, file->name, 0);
        return;
    }
    if (file->parsed.generation >= sweep->next_generation)
        sweep->next_generation = file->parsed.generation + 1;
    if (known)
        mark_ended(file);
    else if (!live_is_locked(file->fd))
        visit_unlocked(sweep, file);
}

static bool
visit(void *context, const char *name)
{
    struct sweep *sweep = context;
    struct page_file file;

    if (!open_page(sweep, name, &file))
        return true;
    if (file.parsed.pid == sweep->pid)
        visit_own_pid(sweep, &file);
    else
        visit_others(sweep, &file);
    close(file.fd);
    return true;
}

uint32_t
live_sweep(int pid, const struct stats_birth *birth)
{
    struct sweep sweep = {
        .directory = open(LIVE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .pid = pid,
        .birth = *birth,
        .now = time(NULL),
        .next_generation = 1,
    };

    if (sweep.directory < 0)
        return sweep.next_generation;
    directory_each(sweep.directory, visit, &sweep);
    close(sweep.directory);
    return sweep.next_generation;
}
