/*
 * live_sweep.c - see live_sweep.h.
 *
 * The time of a process's death is recorded nowhere. The first sweep that finds
 * the process of a page dead therefore sets the file's access time to a mark
 * and its modification time to now; later sweeps use these. Reading the file
 * may undo the mark; its hour then starts again.
 *
 * Containers may share /dev/shm and each have a process 7. A page is kept if a
 * process of its pid lives here. If none does, the page's process may still
 * live in another container: it holds a lock on its file (live_path.h), which
 * stays then and gets a mark of its own. Among pages of this process's pid, the
 * birth tells which are those of the programs that it was before an exec.
 */
#include "live_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "directory.h"
#include "live_path.h"

enum {
    KEPT_SECONDS = 3600,  /* how long the page of a dead process is kept, */
    CROWDED_SECONDS = 10, /* and how long if there are too many */
    LOCKED_SECONDS = 60,  /* how long a locked page is not opened again */
    CROWD = 256,
    /* Access times that are marks: */
    MARK_DEAD = 1,
    MARK_LOCKED = 2,
    STATUS_BLOCK_BYTES = 512, /* unit of st_blocks */
};

struct sweep {
    int directory;
    int pid;
    uid_t user;
    struct stats_birth birth;
    uint64_t limit; /* bytes that pages may take */
    uint64_t bytes; /* the memory they take */
    time_t now;
    unsigned dead;
    uint32_t next_generation;
};

struct page_file {
    const char *name;
    struct live_name parsed;
    struct stat status;
};

/* Fills *out; false: no page, or not of the user whose uid is in its name. */
static bool
inspect(const struct sweep *sweep, const char *name, struct page_file *out)
{
    out->name = name;
    return live_name_parse(name, &out->parsed) &&
           fstatat(sweep->directory, name, &out->status, AT_SYMLINK_NOFOLLOW) ==
               0 &&
           S_ISREG(out->status.st_mode) &&
           out->status.st_uid == out->parsed.uid;
}

static uint64_t
bytes_of(const struct page_file *file)
{
    return (uint64_t)file->status.st_blocks * STATUS_BLOCK_BYTES;
}

/* Opens the file that was inspected, and keeps its access time, a mark. */
static int
open_page(int directory, const struct page_file *file)
{
    struct stat status;
    int fd = openat(directory, file->name,
                    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOATIME | O_CLOEXEC);

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && status.st_ino == file->status.st_ino &&
        status.st_dev == file->status.st_dev)
        return fd;
    close(fd);
    return -1;
}

static void
mark(const struct sweep *sweep, int fd, time_t with)
{
    struct timespec times[2] = {{.tv_sec = with}, {.tv_sec = sweep->now}};

    futimens(fd, times);
}

static bool
is_marked(const struct page_file *file, time_t with)
{
    return file->status.st_atim.tv_sec == with;
}

static time_t
marked_seconds(const struct sweep *sweep, const struct page_file *file)
{
    return sweep->now - file->status.st_mtim.tv_sec;
}

static void
remove_page(struct sweep *sweep, const struct page_file *file)
{
    uint64_t bytes = bytes_of(file);

    if (unlinkat(sweep->directory, file->name, 0) == 0)
        sweep->bytes -= bytes < sweep->bytes ? bytes : sweep->bytes;
}

static bool
is_crowded(const struct sweep *sweep)
{
    return sweep->dead > CROWD || sweep->bytes > sweep->limit / 2;
}

static time_t
kept_seconds(const struct sweep *sweep)
{
    return is_crowded(sweep) ? CROWDED_SECONDS : KEPT_SECONDS;
}

/* Marks or removes the page at fd, whose process is dead. */
static void
visit_dead(struct sweep *sweep, const struct page_file *file, int fd)
{
    sweep->dead++;
    if (!is_marked(file, MARK_DEAD))
        mark(sweep, fd, MARK_DEAD);
    else if (marked_seconds(sweep, file) > kept_seconds(sweep))
        remove_page(sweep, file);
}

/* True if the file's marks show that there is nothing to do yet. */
static bool
is_settled(struct sweep *sweep, const struct page_file *file)
{
    time_t seconds = marked_seconds(sweep, file);

    if (is_marked(file, MARK_LOCKED))
        return seconds >= 0 && seconds < LOCKED_SECONDS;
    if (!is_marked(file, MARK_DEAD) || seconds > kept_seconds(sweep))
        return false;
    sweep->dead++;
    return true;
}

static void
visit_others(struct sweep *sweep, const struct page_file *file)
{
    int fd;

    if (is_settled(sweep, file) || kill(file->parsed.pid, 0) == 0 ||
        errno != ESRCH)
        return;
    fd = open_page(sweep->directory, file);
    if (fd < 0)
        return;
    if (live_is_locked(fd))
        mark(sweep, fd, MARK_LOCKED);
    else
        visit_dead(sweep, file, fd);
    close(fd);
}

static struct stats_birth
birth_of(int fd)
{
    static const off_t place = offsetof(struct stats_header, birth);
    struct stats_birth birth;

    if (pread(fd, &birth, sizeof birth, place) != sizeof birth)
        return (struct stats_birth){0};
    return birth;
}

/* True if both are of one PID namespace, in which a pid is one process. */
static bool
are_comparable(const struct stats_birth *a, const struct stats_birth *b)
{
    return a->pid_namespace == b->pid_namespace && a->pid_namespace != 0;
}

/* Marks a page as ended by exec, unless its program had ended before. */
static void
mark_ended(int fd)
{
    static const uint32_t exec = STATS_END_EXEC;
    static const off_t place = offsetof(struct stats_header, end);
    uint32_t end;

    if (pread(fd, &end, sizeof end, place) == sizeof end &&
        end == STATS_END_RUNNING)
        (void)!pwrite(fd, &exec, sizeof exec, place);
}

/*
 * Handles a page of this process's pid: of a program that this process was
 * before an exec, of an earlier process of the pid, or of a process in another
 * PID namespace.
 */
static void
visit_own_pid(struct sweep *sweep, const struct page_file *file, int fd)
{
    struct stats_birth birth = birth_of(fd);
    bool known = are_comparable(&birth, &sweep->birth);

    if (known && birth.start_ticks != sweep->birth.start_ticks) {
        remove_page(sweep, file);
        return;
    }
    if (file->parsed.generation >= sweep->next_generation)
        sweep->next_generation = file->parsed.generation + 1;
    if (known)
        mark_ended(fd);
    else if (!live_is_locked(fd))
        visit_dead(sweep, file, fd);
}

static bool
visit(void *context, const char *name)
{
    struct sweep *sweep = context;
    struct page_file file;
    int fd;

    if (!inspect(sweep, name, &file))
        return true;
    sweep->bytes += bytes_of(&file);
    if (file.parsed.uid != sweep->user)
        return true;
    if (file.parsed.pid != sweep->pid) {
        visit_others(sweep, &file);
        return true;
    }
    fd = open_page(sweep->directory, &file);
    if (fd >= 0) {
        visit_own_pid(sweep, &file, fd);
        close(fd);
    }
    return true;
}

/* In a second round, if pages take too much: removes those of the dead. */
static bool
make_room(void *context, const char *name)
{
    struct sweep *sweep = context;
    struct page_file file;
    int fd;

    if (sweep->bytes <= sweep->limit)
        return false;
    if (!inspect(sweep, name, &file) || file.parsed.uid != sweep->user ||
        kill(file.parsed.pid, 0) == 0 || errno != ESRCH)
        return true;
    fd = open_page(sweep->directory, &file);
    if (fd < 0)
        return true;
    if (!live_is_locked(fd))
        remove_page(sweep, &file);
    close(fd);
    return true;
}

struct live_sweep_result
live_sweep(int pid, const struct stats_birth *birth, uint64_t limit,
           size_t wanted)
{
    struct sweep sweep = {
        .directory = open(LIVE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .pid = pid,
        .user = geteuid(),
        .birth = *birth,
        .limit = limit > wanted ? limit - wanted : 0,
        .now = time(NULL),
        .next_generation = 1,
    };

    if (sweep.directory >= 0) {
        directory_each(sweep.directory, visit, &sweep);
        if (sweep.bytes > sweep.limit &&
            lseek(sweep.directory, 0, SEEK_SET) == 0)
            directory_each(sweep.directory, make_room, &sweep);
        close(sweep.directory);
    }
    return (struct live_sweep_result){
        .generation = sweep.next_generation,
        .bytes = sweep.bytes,
    };
}

bool
live_sweep_earlier(const char *path, const struct stats_birth *birth)
{
    struct stats_birth other;
    struct stat status;
    bool earlier;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return false;
    other = birth_of(fd);
    earlier = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
              status.st_uid == geteuid() && are_comparable(&other, birth) &&
              other.start_ticks != birth->start_ticks;
    close(fd);
    return earlier && unlink(path) == 0;
}
